create view likeness.index_status as
select
    v.name as index,
    v.type,
    m.name as model,
    s.host,
    s.folder,
    g.generation,
    g.rows,
    h.dead_rows,
    g.bytes,
    coalesce(h.recall_at_10, g.recall_at_10) as recall_at_10,
    p.pending_changes,
    p.lag,
    g.published_at,
    s.last_seen
from likeness.vector_indexes v
join likeness.embedding_models m on m.id = v.model
left join likeness.index_stores s on s.model = v.model
left join lateral (
    select generation, rows, bytes, recall_at_10, published_at
    from likeness.index_generations
    where index = v.id and store = s.store and state = 'published'
    order by generation desc limit 1
) g on true
left join lateral (
    select dead_rows, recall_at_10
    from likeness.index_health
    where index = v.id and store = s.store and generation = g.generation
    order by measured_at desc limit 1
) h on true
left join lateral (
    select count(*) as pending_changes, now() - min(c.changed_at) as lag
    from likeness.embedding_changes c
    where c.model = s.model and c.transaction >= pg_snapshot_xmin(s.position)
        and not pg_visible_in_snapshot(c.transaction, s.position)
) p on s.store is not null;

comment on view likeness.index_status is
    'Each index in each store that follows the catalog: what it holds and how far it is behind. Without a store the columns about it are null.';
comment on column likeness.index_status.index is 'Name of the index.';
comment on column likeness.index_status.type is 'flat, hnsw, ivfflat or ivfpq.';
comment on column likeness.index_status.model is 'The model whose embeddings it holds.';
comment on column likeness.index_status.host is 'The machine that keeps it.';
comment on column likeness.index_status.folder is 'The folder on that machine.';
comment on column likeness.index_status.generation is 'The generation that answers; null when none was published yet.';
comment on column likeness.index_status.rows is 'Embeddings in that generation when it was published.';
comment on column likeness.index_status.dead_rows is 'Deleted rows that were not compacted away when last measured; null before.';
comment on column likeness.index_status.bytes is 'Size of its files in bytes, without the vectors that all indexes share.';
comment on column likeness.index_status.recall_at_10 is 'Share of the ten nearest that it found, 0 to 1, when last measured; null before.';
comment on column likeness.index_status.pending_changes is 'Changes of the catalog that the store has not applied.';
comment on column likeness.index_status.lag is 'Age of the oldest of them; null when there are none.';
comment on column likeness.index_status.published_at is 'When the generation began to answer.';
comment on column likeness.index_status.last_seen is 'When the store last followed the catalog.';
