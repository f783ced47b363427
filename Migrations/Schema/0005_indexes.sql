-- What machines made of the embeddings. The files are the truth about themselves; these rows are for people and for pruning.

create table likeness.index_stores (
    store uuid not null,
    model bigint not null,
    host text not null,
    folder text not null,
    position pg_snapshot not null,
    fencing bigint not null default 0,
    first_seen timestamptz not null default now(),
    last_seen timestamptz not null default now(),
    constraint index_stores_key primary key (store, model),
    constraint index_stores_model foreign key (model) references likeness.embedding_models (id) on delete cascade
);
create index index_stores_by_model on likeness.index_stores (model);
comment on table likeness.index_stores is
    'Folders of index files on some machine, one row for each model in one. Several machines may each follow one catalog.';
comment on column likeness.index_stores.store is 'Identity of the folder, made when it was made.';
comment on column likeness.index_stores.model is 'The model whose embeddings the row is about.';
comment on column likeness.index_stores.host is 'Name of the machine.';
comment on column likeness.index_stores.folder is 'Path of the folder on that machine, for people.';
comment on column likeness.index_stores.position is
    'The snapshot whose embeddings the store holds: a copy of what its manifest says.';
comment on column likeness.index_stores.fencing is
    'Number of the last writer that was let in: one with a smaller number lost its lock and may not publish.';
comment on column likeness.index_stores.first_seen is 'When it first followed the catalog.';
comment on column likeness.index_stores.last_seen is
    'When it last did. One that was not seen for long no longer holds up pruning, and rebuilds when it returns.';

create table likeness.vector_indexes (
    id bigint generated always as identity,
    name text not null,
    model bigint not null,
    type text not null,
    parameters jsonb not null default '{}',
    policy jsonb not null default '{}',
    created_at timestamptz not null default now(),
    constraint vector_indexes_key primary key (id),
    constraint vector_indexes_name_is_unique unique (name),
    constraint vector_indexes_model foreign key (model) references likeness.embedding_models (id),
    constraint vector_indexes_name_is_given check (name <> ''),
    constraint vector_indexes_type_is_known check (type in ('flat', 'hnsw', 'ivfflat', 'ivfpq')),
    constraint vector_indexes_parameters_is_object check (jsonb_typeof(parameters) = 'object'),
    constraint vector_indexes_policy_is_object check (jsonb_typeof(policy) = 'object')
);
create index vector_indexes_by_model on likeness.vector_indexes (model);
comment on table likeness.vector_indexes is 'Indexes as they were asked for: every store builds and keeps each of them.';
comment on column likeness.vector_indexes.id is 'Number of the index.';
comment on column likeness.vector_indexes.name is 'What people call it; unique among all models.';
comment on column likeness.vector_indexes.model is 'The model whose embeddings it holds.';
comment on column likeness.vector_indexes.type is 'flat, hnsw, ivfflat or ivfpq.';
comment on column likeness.vector_indexes.parameters is
    'What was asked for by name: {"nlist": 100, "nprobe": 8}; what is absent is chosen from the rows there are.';
comment on column likeness.vector_indexes.policy is 'When to train again and compact: {"retrain_every": "7 days"}; what is absent has its default.';
comment on column likeness.vector_indexes.created_at is 'When it was asked for.';

create table likeness.index_generations (
    id bigint generated always as identity,
    index bigint not null,
    store uuid not null,
    generation bigint not null,
    state text not null,
    reason text not null,
    rows bigint not null default 0,
    nlist integer,
    parameters jsonb not null default '{}',
    bytes bigint,
    seconds double precision,
    recall_at_10 double precision,
    started_at timestamptz not null default now(),
    published_at timestamptz,
    constraint index_generations_key primary key (id),
    constraint index_generations_generation_is_unique unique (index, store, generation),
    constraint index_generations_index foreign key (index) references likeness.vector_indexes (id) on delete cascade,
    constraint index_generations_generation_is_positive check (generation > 0),
    constraint index_generations_state_is_known check (state in ('training', 'published', 'superseded', 'cancelled', 'failed')),
    constraint index_generations_rows_is_counted check (rows >= 0),
    constraint index_generations_nlist_is_positive check (nlist > 0),
    constraint index_generations_parameters_is_object check (jsonb_typeof(parameters) = 'object'),
    constraint index_generations_bytes_is_counted check (bytes >= 0),
    constraint index_generations_seconds_is_counted check (seconds >= 0),
    constraint index_generations_recall_is_share check (recall_at_10 between 0 and 1)
);
comment on table likeness.index_generations is 'Each training of an index in a store, with its reason and what came of it.';
comment on column likeness.index_generations.id is 'Number of the row.';
comment on column likeness.index_generations.index is 'The index.';
comment on column likeness.index_generations.store is 'The store that built it.';
comment on column likeness.index_generations.generation is 'Number of the generation in that index and store: 1, 2, 3 and so on.';
comment on column likeness.index_generations.state is 'training, published, superseded, cancelled or failed.';
comment on column likeness.index_generations.reason is 'Why it was built, or why it failed, in words.';
comment on column likeness.index_generations.rows is 'Embeddings in it when it was published.';
comment on column likeness.index_generations.nlist is 'Inverted lists; null for types without lists.';
comment on column likeness.index_generations.parameters is 'All parameters as they were used, defaults included.';
comment on column likeness.index_generations.bytes is 'Size of its files in bytes, without the vectors that all indexes share; null before it is published.';
comment on column likeness.index_generations.seconds is 'Time to train and build it, in seconds; null while it is built.';
comment on column likeness.index_generations.recall_at_10 is
    'Share of the ten nearest that it found for sampled queries, 0 to 1; null when not measured.';
comment on column likeness.index_generations.started_at is 'When building began.';
comment on column likeness.index_generations.published_at is 'When it became the one that answers; null before.';

create table likeness.index_health (
    id bigint generated always as identity,
    index bigint not null,
    store uuid not null,
    generation bigint not null,
    measured_at timestamptz not null default now(),
    rows bigint not null,
    dead_rows bigint not null default 0,
    rows_since_training bigint,
    bytes bigint,
    imbalance double precision,
    residual_ratio double precision,
    survivor_share double precision,
    recall_at_10 double precision,
    recall_at_10_low double precision,
    recall_at_10_high double precision,
    decision text,
    reason text,
    constraint index_health_key primary key (id),
    constraint index_health_index foreign key (index) references likeness.vector_indexes (id) on delete cascade,
    constraint index_health_rows_is_counted check (rows >= 0),
    constraint index_health_dead_rows_is_counted check (dead_rows >= 0),
    constraint index_health_recall_is_ordered
        check (recall_at_10_low <= recall_at_10 and recall_at_10 <= recall_at_10_high),
    constraint index_health_decision_has_reason check ((decision is null) = (reason is null))
);
create index index_health_by_time on likeness.index_health (index, store, measured_at desc);
comment on table likeness.index_health is 'Time series of what was measured at an index in a store, and what was decided from it.';
comment on column likeness.index_health.id is 'Number of the row.';
comment on column likeness.index_health.index is 'The index.';
comment on column likeness.index_health.store is 'The store.';
comment on column likeness.index_health.generation is 'The generation that was measured.';
comment on column likeness.index_health.measured_at is 'When it was measured.';
comment on column likeness.index_health.rows is 'Live rows.';
comment on column likeness.index_health.dead_rows is 'Rows that were deleted and not yet compacted away.';
comment on column likeness.index_health.rows_since_training is 'Rows added since the generation was trained; null for types without training.';
comment on column likeness.index_health.bytes is 'Size of its files in bytes, without the vectors that all indexes share.';
comment on column likeness.index_health.imbalance is
    'Imbalance of the inverted lists: 1 when all are as long, 2 when a query scans twice as many rows; null without lists.';
comment on column likeness.index_health.residual_ratio is
    'Mean squared distance of new rows to their centroid, divided by that of the training rows; null without lists.';
comment on column likeness.index_health.survivor_share is
    'Share of the rows whose exact distance a flat query had to compute, 0 to 1; null for other types.';
comment on column likeness.index_health.recall_at_10 is 'Share of the ten nearest that it found for sampled queries, 0 to 1; null when not measured.';
comment on column likeness.index_health.recall_at_10_low is 'Lower end of the 95 % confidence interval of the recall.';
comment on column likeness.index_health.recall_at_10_high is 'Upper end of the 95 % confidence interval of the recall.';
comment on column likeness.index_health.decision is 'What was decided: keep, retrain, compact and so on; null when nothing was to be decided.';
comment on column likeness.index_health.reason is 'Why, in words; null without a decision.';
