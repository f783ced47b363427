create view likeness.file_states as
select
    q.path_text,
    r.folder_text as root,
    case when q.state = 'settled' and q.ready_at > now() then 'seen' else q.state end as state,
    q.noticed_at as since,
    q.attempts,
    q.error_class,
    q.message,
    case when q.state = 'failed' then q.ready_at end as next_retry_at,
    (select f.image from likeness.image_files f where sha256(f.path) = sha256(q.path) and f.vanished_at is null) as image
from likeness.ingest_queue q
join likeness.watched_roots r on r.id = q.root
union all
select
    x.path_text,
    r.folder_text,
    case when x.next_retry_at is null then 'quarantined' else 'failed' end,
    x.last_failed_at,
    x.attempts,
    x.error_class,
    x.message,
    x.next_retry_at,
    (select f.image from likeness.image_files f where sha256(f.path) = sha256(x.path) and f.vanished_at is null)
from likeness.ingest_failures x
left join likeness.watched_roots r on r.id = x.root
where not exists (select from likeness.ingest_queue q where sha256(q.path) = sha256(x.path))
union all
select
    f.path_text,
    r.folder_text,
    case when f.vanished_at is null then 'ingested' else 'vanished' end,
    coalesce(f.vanished_at, f.first_seen),
    0,
    null,
    null,
    null,
    f.image
from likeness.image_files f
left join likeness.watched_roots r on r.id = f.root
where not exists (select from likeness.ingest_queue q where sha256(q.path) = sha256(f.path))
    and not exists (select from likeness.ingest_failures x where sha256(x.path) = sha256(f.path));

comment on view likeness.file_states is
    'What became of each file that Likeness heard of, a row for each path. What waits or failed comes before what the file held earlier. All of it takes about 3 s for a million files, because it names each of them: ask with a limit.';
comment on column likeness.file_states.path_text is 'The path; what is not printable UTF-8 is escaped, a backslash is doubled.';
comment on column likeness.file_states.root is 'The watched root it lies in; null when it was ingested by its own path.';
comment on column likeness.file_states.state is
    'seen: it waits until it is complete; settled: it waits to be taken; failed: it will be tried again; quarantined: it will not, until it changes; ingested; vanished: it is gone.';
comment on column likeness.file_states.since is
    'When it was noticed (seen, settled), last failed, entered the catalog, or was found to be gone.';
comment on column likeness.file_states.attempts is 'How often it failed as it is.';
comment on column likeness.file_states.error_class is 'Class of the last error; null without one.';
comment on column likeness.file_states.message is 'The last error in one line; null without one.';
comment on column likeness.file_states.next_retry_at is 'When it will be tried again; null when it will not.';
comment on column likeness.file_states.image is
    'The picture that the file holds, or for a vanished one held; null when none is known.';
