create view likeness.failures_by_class as
select
    error_class,
    count(*) as files,
    count(*) filter (where next_retry_at is not null) as files_to_retry,
    sum(attempts)::bigint as attempts,
    min(first_failed_at) as first_failed_at,
    max(last_failed_at) as last_failed_at,
    (array_agg(path_text order by last_failed_at desc, id desc))[1] as latest_path,
    (array_agg(message order by last_failed_at desc, id desc))[1] as latest_message
from likeness.ingest_failures
group by error_class
order by files desc, error_class;

comment on view likeness.failures_by_class is
    'Files that could not be ingested, by class of error, the commonest first. Reads all failures: about a second for 300,000 of them.';
comment on column likeness.failures_by_class.error_class is 'Class of the error: not_an_image, truncated.';
comment on column likeness.failures_by_class.files is 'Number of files.';
comment on column likeness.failures_by_class.files_to_retry is 'Those of them that will be tried again by themselves.';
comment on column likeness.failures_by_class.attempts is 'How often they were tried, all together.';
comment on column likeness.failures_by_class.first_failed_at is 'When the first of them failed for the first time.';
comment on column likeness.failures_by_class.last_failed_at is 'When one of them failed last.';
comment on column likeness.failures_by_class.latest_path is 'The file that failed last.';
comment on column likeness.failures_by_class.latest_message is 'Its error in one line.';
