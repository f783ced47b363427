-- What `likeness bench` measured, on which catalog and machine.

create table likeness.benchmark_runs (
    id bigint generated always as identity,
    model bigint not null,
    rows bigint not null,
    dimension integer not null,
    queries integer not null,
    machine text not null,
    version text not null,
    recommended_index text,
    recommendation_reason text,
    started_at timestamptz not null default now(),
    seconds double precision,
    constraint benchmark_runs_key primary key (id),
    constraint benchmark_runs_model foreign key (model) references likeness.embedding_models (id) on delete cascade,
    constraint benchmark_runs_rows_is_positive check (rows > 0),
    constraint benchmark_runs_queries_is_positive check (queries > 0),
    constraint benchmark_runs_recommendation_is_whole
        check ((recommended_index is null) = (recommendation_reason is null))
);
create index benchmark_runs_by_model on likeness.benchmark_runs (model, started_at desc);
comment on table likeness.benchmark_runs is 'Runs of the benchmark: what was compared where.';
comment on column likeness.benchmark_runs.id is 'Number of the run.';
comment on column likeness.benchmark_runs.model is 'The model whose embeddings were searched.';
comment on column likeness.benchmark_runs.rows is 'Embeddings that were searched.';
comment on column likeness.benchmark_runs.dimension is 'Numbers in a vector.';
comment on column likeness.benchmark_runs.queries is 'Queries that were timed.';
comment on column likeness.benchmark_runs.machine is 'Processor, threads and instruction set, in words.';
comment on column likeness.benchmark_runs.version is 'Version of Likeness.';
comment on column likeness.benchmark_runs.recommended_index is 'The type that was recommended for this catalog; null when none was.';
comment on column likeness.benchmark_runs.recommendation_reason is 'Why, in words.';
comment on column likeness.benchmark_runs.started_at is 'When the run began.';
comment on column likeness.benchmark_runs.seconds is 'How long it took, in seconds; null while it runs.';

create table likeness.benchmark_results (
    run bigint not null,
    ordinal integer not null,
    index text not null,
    parameters jsonb not null default '{}',
    build_seconds double precision not null,
    bytes bigint not null,
    search_ms_mean double precision not null,
    search_ms_p50 double precision not null,
    search_ms_p99 double precision not null,
    recall_at_5 double precision not null,
    recall_at_10 double precision not null,
    constraint benchmark_results_key primary key (run, ordinal),
    constraint benchmark_results_run foreign key (run) references likeness.benchmark_runs (id) on delete cascade,
    constraint benchmark_results_index_is_known check (index in ('bruteforce', 'flat', 'ivfflat', 'ivfpq', 'hnsw')),
    constraint benchmark_results_parameters_is_object check (jsonb_typeof(parameters) = 'object'),
    constraint benchmark_results_recall_at_5_is_share check (recall_at_5 between 0 and 1),
    constraint benchmark_results_recall_at_10_is_share check (recall_at_10 between 0 and 1)
);
comment on table likeness.benchmark_results is 'What a run of the benchmark measured for each type of index.';
comment on column likeness.benchmark_results.run is 'The run.';
comment on column likeness.benchmark_results.ordinal is 'Place in the table of the run, from 1.';
comment on column likeness.benchmark_results.index is 'Type of index; bruteforce is the plain comparison with every row.';
comment on column likeness.benchmark_results.parameters is 'Its parameters: {"nlist": 100, "nprobe": 8}.';
comment on column likeness.benchmark_results.build_seconds is 'Time to build it, in seconds.';
comment on column likeness.benchmark_results.bytes is 'Size of its files in bytes, without the vectors that all indexes share.';
comment on column likeness.benchmark_results.search_ms_mean is 'Mean time of a query in milliseconds.';
comment on column likeness.benchmark_results.search_ms_p50 is 'Median time of a query in milliseconds.';
comment on column likeness.benchmark_results.search_ms_p99 is '99th percentile of the time of a query in milliseconds.';
comment on column likeness.benchmark_results.recall_at_5 is 'Share of the five nearest that it found, 0 to 1.';
comment on column likeness.benchmark_results.recall_at_10 is 'Share of the ten nearest that it found, 0 to 1.';
