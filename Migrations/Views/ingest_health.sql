create view likeness.ingest_health as
with files as (
    select
        root,
        count(*) filter (where vanished_at is null) as present,
        count(*) filter (where vanished_at is not null) as vanished,
        max(first_seen) as newest_at
    from likeness.image_files group by root
), failures as (
    select
        root,
        count(*) as failed,
        count(*) filter (where next_retry_at is not null) as to_retry,
        mode() within group (order by error_class) as commonest,
        max(last_failed_at) as newest_at
    from likeness.ingest_failures group by root
), places as (
    select id as root, folder_text as folder, state, scanned_at from likeness.watched_roots
    union all
    select null, null, null, null
)
select
    p.folder,
    p.state,
    coalesce(f.present, 0) as files,
    coalesce(f.vanished, 0) as vanished_files,
    coalesce(x.failed, 0) as failed_files,
    coalesce(x.to_retry, 0) as files_to_retry,
    x.commonest as commonest_error,
    f.newest_at as newest_file_at,
    x.newest_at as newest_failure_at,
    p.scanned_at
from places p
left join files f on f.root is not distinct from p.root
left join failures x on x.root is not distinct from p.root;

comment on view likeness.ingest_health is
    'What became of the files, a row for each watched root; the row without a folder is for files outside of all. Reads all sightings: about a second for a million of them.';
comment on column likeness.ingest_health.folder is 'The watched root; null for files outside of all roots.';
comment on column likeness.ingest_health.state is 'active, unavailable or retired; null for files outside of all roots.';
comment on column likeness.ingest_health.files is 'Files that are there and in the catalog.';
comment on column likeness.ingest_health.vanished_files is 'Files that were in the catalog and are gone.';
comment on column likeness.ingest_health.failed_files is 'Files that could not be ingested.';
comment on column likeness.ingest_health.files_to_retry is 'Those of them that will be tried again by themselves.';
comment on column likeness.ingest_health.commonest_error is 'The class of error that most of them have; null without failures.';
comment on column likeness.ingest_health.newest_file_at is 'When a file last appeared; null without files.';
comment on column likeness.ingest_health.newest_failure_at is 'When a file last failed; null without failures.';
comment on column likeness.ingest_health.scanned_at is 'When a scan of the whole root last came to its end; null before the first.';
