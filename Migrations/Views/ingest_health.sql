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
), classes as (
    select root, jsonb_object_agg(error_class, failed order by error_class) as failures
    from (
        select root, error_class, count(*) as failed from likeness.ingest_failures group by root, error_class
    ) counted
    group by root
), queue as (
    select
        root,
        count(*) filter (where state = 'settled') as settled,
        count(*) filter (where state = 'failed') as retrying,
        now() - min(ready_at) filter (where ready_at <= now()) as waiting
    from likeness.ingest_queue group by root
), daemons as (
    select
        m.root,
        count(*) as daemons,
        1000 * sum(a.read_seconds) / nullif(sum(a.files), 0) as read_ms,
        1000 * sum(a.decode_seconds) / nullif(sum(a.files), 0) as decode_ms,
        1000 * sum(a.embed_seconds) / nullif(sum(a.files), 0) as embed_ms,
        1000 * sum(a.write_seconds) / nullif(sum(a.files), 0) as write_ms
    from likeness.ingest_activity a
    join likeness.root_mounts m on m.host = a.host and m.root = any(a.roots) and m.state = 'active'
    where a.updated_at > now() - interval '2 minutes'
    group by m.root
), places as (
    select id as root, folder_text as folder, state, scanned_at, on_vanish from likeness.watched_roots
    union all
    select null, null, null, null, null
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
    p.scanned_at,
    p.on_vanish,
    (
        select string_agg(m.host || ': ' || m.reason, '; ' order by m.host)
        from likeness.root_mounts m where m.root = p.root and m.state = 'unavailable'
    ) as unavailable_because,
    coalesce(c.failures, '{}') as failures_by_class,
    coalesce(q.settled, 0) as files_settled,
    coalesce(q.retrying, 0) as files_queued_to_retry,
    q.waiting as oldest_waiting,
    coalesce(d.daemons, 0) as daemons,
    d.read_ms,
    d.decode_ms,
    d.embed_ms,
    d.write_ms
from places p
left join files f on f.root is not distinct from p.root
left join failures x on x.root is not distinct from p.root
left join classes c on c.root is not distinct from p.root
left join queue q on q.root = p.root
left join daemons d on d.root = p.root;

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
comment on column likeness.ingest_health.on_vanish is
    'keep: a picture whose last file is gone stays in the answers; hide: it does not; null for files outside of all roots.';
comment on column likeness.ingest_health.unavailable_because is
    'Machines that cannot reach the root, each with the reason; null when all that watch it can.';
comment on column likeness.ingest_health.failures_by_class is 'Number of failed files for each class of error.';
comment on column likeness.ingest_health.files_settled is 'Files in the queue that were not tried yet.';
comment on column likeness.ingest_health.files_queued_to_retry is 'Files in the queue that failed before.';
comment on column likeness.ingest_health.oldest_waiting is
    'For how long the longest waiting file could have been taken, or is being worked on; null when none waits.';
comment on column likeness.ingest_health.daemons is 'Ingest daemons that watch the root and said so within two minutes.';
comment on column likeness.ingest_health.read_ms is
    'Milliseconds for reading and hashing a file, the mean over all that these daemons did since they began; null before the first.';
comment on column likeness.ingest_health.decode_ms is 'Milliseconds for decoding a file, likewise.';
comment on column likeness.ingest_health.embed_ms is 'Milliseconds in the network for a file, likewise.';
comment on column likeness.ingest_health.write_ms is 'Milliseconds for writing a file to the database, likewise.';
