create view likeness.benchmark_table as
select
    r.id as run,
    r.started_at,
    m.name as model,
    r.rows,
    r.dimension,
    r.queries,
    b.ordinal,
    b.index,
    b.parameters,
    b.build_seconds,
    b.bytes,
    b.search_ms_mean,
    b.search_ms_p50,
    b.search_ms_p99,
    b.recall_at_5,
    b.recall_at_10,
    b.index = r.recommended_index as is_recommended,
    r.machine,
    r.version
from likeness.benchmark_runs r
join likeness.embedding_models m on m.id = r.model
join likeness.benchmark_results b on b.run = r.id;

comment on view likeness.benchmark_table is 'What likeness bench measured, a row for each type of index in a run. Order by run desc, ordinal.';
comment on column likeness.benchmark_table.run is 'Number of the run.';
comment on column likeness.benchmark_table.started_at is 'When the run began.';
comment on column likeness.benchmark_table.model is 'The model whose embeddings were searched.';
comment on column likeness.benchmark_table.rows is 'Embeddings that were searched.';
comment on column likeness.benchmark_table.dimension is 'Numbers in a vector.';
comment on column likeness.benchmark_table.queries is 'Queries that were timed.';
comment on column likeness.benchmark_table.ordinal is 'Place in the table of the run.';
comment on column likeness.benchmark_table.index is 'Type of index; bruteforce is the plain comparison with every row.';
comment on column likeness.benchmark_table.parameters is 'Its parameters.';
comment on column likeness.benchmark_table.build_seconds is 'Time to build it, in seconds.';
comment on column likeness.benchmark_table.bytes is 'Size of its files in bytes, without the vectors that all indexes share.';
comment on column likeness.benchmark_table.search_ms_mean is 'Mean time of a query in milliseconds.';
comment on column likeness.benchmark_table.search_ms_p50 is 'Median time of a query in milliseconds.';
comment on column likeness.benchmark_table.search_ms_p99 is '99th percentile of the time of a query in milliseconds.';
comment on column likeness.benchmark_table.recall_at_5 is 'Share of the five nearest that it found, 0 to 1.';
comment on column likeness.benchmark_table.recall_at_10 is 'Share of the ten nearest that it found, 0 to 1.';
comment on column likeness.benchmark_table.is_recommended is 'Whether the run recommended this type for the catalog; null when it recommended none.';
comment on column likeness.benchmark_table.machine is 'Processor, threads and instruction set.';
comment on column likeness.benchmark_table.version is 'Version of Likeness.';
