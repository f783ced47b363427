create view likeness.index_history as
select
    v.name as index,
    v.type,
    m.name as model,
    s.host,
    s.folder,
    g.generation,
    g.state,
    g.reason,
    g.rows,
    g.nlist,
    g.parameters,
    g.bytes,
    g.seconds,
    g.recall_at_10,
    g.started_at,
    g.published_at
from likeness.index_generations g
join likeness.vector_indexes v on v.id = g.index
join likeness.embedding_models m on m.id = v.model
left join likeness.index_stores s on s.store = g.store and s.model = v.model
order by g.started_at desc, g.id desc;

comment on view likeness.index_history is 'Each training of each index, the latest first: why, how long it took and what recall came of it.';
comment on column likeness.index_history.index is 'Name of the index.';
comment on column likeness.index_history.type is 'flat, hnsw, ivfflat or ivfpq.';
comment on column likeness.index_history.model is 'The model whose embeddings it holds.';
comment on column likeness.index_history.host is 'The machine that built it; null when the catalog no longer knows its store.';
comment on column likeness.index_history.folder is 'The folder on that machine; null likewise.';
comment on column likeness.index_history.generation is 'Number of the generation in that index and store.';
comment on column likeness.index_history.state is 'training, published, superseded, cancelled or failed.';
comment on column likeness.index_history.reason is 'Why it was built, or why it failed, in words.';
comment on column likeness.index_history.rows is 'Embeddings in it when it was published.';
comment on column likeness.index_history.nlist is 'Inverted lists; null for types without lists.';
comment on column likeness.index_history.parameters is 'All parameters as they were used, defaults included.';
comment on column likeness.index_history.bytes is 'Size of its files in bytes, without the vectors that all indexes share; null before it is published.';
comment on column likeness.index_history.seconds is 'Time to train and build it, in seconds; null while it is built.';
comment on column likeness.index_history.recall_at_10 is 'Share of the ten nearest that it found for sampled queries, 0 to 1; null when not measured.';
comment on column likeness.index_history.started_at is 'When building began.';
comment on column likeness.index_history.published_at is 'When it became the one that answers; null before.';
