-- Watched roots as several machines see them, and the queue of files that the ingest daemons share.
--
-- A daemon claims files by locking their rows, and deletes the rows in the transaction that writes what became of the files.
-- So there is no state "in work" that a daemon could leave behind: when it dies, the server lets its rows go at once.

alter table likeness.watched_roots
    add column on_vanish text not null default 'keep',
    add constraint watched_roots_on_vanish_is_known check (on_vanish in ('keep', 'hide'));
comment on column likeness.watched_roots.on_vanish is
    'What becomes of a picture whose last file is gone: keep: it stays in the answers; hide: its state becomes vanished.';
comment on column likeness.watched_roots.state is
    'active; unavailable: mounted on no machine that watches it, or its marker is gone, so nothing in it counts as vanished; retired: no longer watched. What one machine sees is in root_mounts.';

create table likeness.root_mounts (
    root bigint not null,
    host text not null,
    state text not null default 'active',
    reason text,
    since timestamptz not null default now(),
    constraint root_mounts_key primary key (root, host),
    constraint root_mounts_root foreign key (root) references likeness.watched_roots (id) on delete cascade,
    constraint root_mounts_host_is_named check (host <> ''),
    constraint root_mounts_state_is_known check (state in ('active', 'unavailable')),
    constraint root_mounts_unavailable_has_reason check ((state = 'unavailable') = (reason is not null))
);
comment on table likeness.root_mounts is
    'What each machine that watches a root sees of it: one may have lost the disk that another still has.';
comment on column likeness.root_mounts.root is 'The root.';
comment on column likeness.root_mounts.host is 'The machine, by a name that no other has.';
comment on column likeness.root_mounts.state is
    'active; unavailable: not mounted there or without its marker, so that this machine may call nothing in it vanished.';
comment on column likeness.root_mounts.reason is 'Why it is unavailable, in words; null while it is active.';
comment on column likeness.root_mounts.since is 'Since when it is in this state.';

-- A picture that a person hid stays hidden whatever its files do; one that went with its files comes back with them.
alter table likeness.images
    drop constraint images_state_is_known,
    add constraint images_state_is_known check (state in ('active', 'hidden', 'vanished'));
comment on column likeness.images.state is
    'active; hidden: by a person; vanished: its last file is gone from a root that hides such pictures. Only active ones are in answers and indexes; the others keep embedding and lineage.';

alter table likeness.image_files add column host text;
create index image_files_by_inode on likeness.image_files (inode, device, host) where host is not null;
comment on column likeness.image_files.host is
    'The machine that device and inode were read on, for they mean nothing on another; null when not recorded.';

alter table likeness.ingest_failures
    add column content_sha256 bytea,
    add constraint ingest_failures_content_sha256_is_32_bytes check (octet_length(content_sha256) = 32);
create index ingest_failures_by_content on likeness.ingest_failures (content_sha256) where content_sha256 is not null;
comment on column likeness.ingest_failures.content_sha256 is
    'SHA-256 of the bytes that failed; null when they could not be read.';

create table likeness.ingest_queue (
    id bigint generated always as identity,
    root bigint not null,
    path bytea not null,
    path_text text not null,
    size bigint not null,
    mtime_nanoseconds bigint not null,
    host text,
    device bigint,
    inode bigint,
    state text not null default 'settled',
    attempts integer not null default 0,
    error_class text,
    message text,
    noticed_at timestamptz not null default now(),
    ready_at timestamptz not null default now(),
    constraint ingest_queue_key primary key (id),
    constraint ingest_queue_root foreign key (root) references likeness.watched_roots (id) on delete cascade,
    constraint ingest_queue_path_is_absolute check (substr(path, 1, 1) = '\x2f'::bytea),
    constraint ingest_queue_size_is_counted check (size >= 0),
    constraint ingest_queue_state_is_known check (state in ('settled', 'failed')),
    constraint ingest_queue_attempts_is_counted check (attempts >= 0),
    constraint ingest_queue_failed_has_error check (
        (state = 'failed') = (error_class is not null) and (state = 'failed') = (message is not null)
        and (state = 'failed') = (attempts > 0))
);
-- Rows come and go: what is deleted must not pile up before those that wait.
alter table likeness.ingest_queue set (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 1000);
create unique index ingest_queue_path_is_unique on likeness.ingest_queue (sha256(path));
create index ingest_queue_by_folder on likeness.ingest_queue (substr(path, 1, 512));
create index ingest_queue_by_readiness on likeness.ingest_queue (root, ready_at, id);
comment on table likeness.ingest_queue is
    'Files that wait to be ingested. A daemon that works on one has its row locked, and deletes it in the transaction that writes the outcome.';
comment on column likeness.ingest_queue.id is 'Number of the row.';
comment on column likeness.ingest_queue.root is 'The watched root it lies in.';
comment on column likeness.ingest_queue.path is 'Absolute path, as bytes. Unique.';
comment on column likeness.ingest_queue.path_text is 'The same for people: what is not printable UTF-8 is escaped, a backslash is doubled.';
comment on column likeness.ingest_queue.size is 'Size of the file in bytes when it was noticed.';
comment on column likeness.ingest_queue.mtime_nanoseconds is
    'Time of its last change when it was noticed, in nanoseconds since 1970; a file that changes again begins again.';
comment on column likeness.ingest_queue.host is 'The machine that noticed it, to which device and inode belong; null when not recorded.';
comment on column likeness.ingest_queue.device is 'Number of its file system on that machine; null when not recorded.';
comment on column likeness.ingest_queue.inode is 'Its inode (64 bits, read as signed); null when not recorded.';
comment on column likeness.ingest_queue.state is 'settled: waits to be taken; failed: will be tried again.';
comment on column likeness.ingest_queue.attempts is 'How often it failed since it was noticed like this.';
comment on column likeness.ingest_queue.error_class is 'Class of the last error; null before the first.';
comment on column likeness.ingest_queue.message is 'The last error in one line; null before the first.';
comment on column likeness.ingest_queue.noticed_at is 'When the file was noticed as it is.';
comment on column likeness.ingest_queue.ready_at is 'From when on it may be taken; the one that is ready for longest is taken first.';

-- Without sorting the planner reads the queue in its order, whatever it believes about the number of files that wait.
create function likeness.claim_ingest_files(roots bigint[], most_files integer, most_bytes bigint)
returns setof likeness.ingest_queue language plpgsql volatile set enable_sort = off as $$
declare
    places bigint[];
    place bigint;
    candidate record;
    claimed likeness.ingest_queue;
    files_left integer := most_files;
    bytes_left bigint := most_bytes;
    share integer;
begin
    -- The root whose files wait for longest comes last and gets what the others leave of their shares: a folder of 100,000
    -- files that was moved in keeps no other folder waiting.
    select array_agg(root order by ready_at desc, root) into places
    from unnest(roots) as wanted (root) cross join lateral (
        select ready_at from likeness.ingest_queue q
        where q.root = wanted.root and q.ready_at <= clock_timestamp() order by q.ready_at, q.id limit 1
    ) oldest;
    for number in 1 .. coalesce(cardinality(places), 0) loop
        place := places[number];
        share := ceil(files_left::numeric / (cardinality(places) - number + 1));
        -- Read without locks, and locked one by one: no row is locked that is not taken, for nobody else could take it.
        for candidate in
            select id, size from likeness.ingest_queue
            where root = place and ready_at <= clock_timestamp() order by ready_at, id
        loop
            exit when share <= 0 or (candidate.size > bytes_left and files_left < most_files);
            select * into claimed from likeness.ingest_queue
            where id = candidate.id and ready_at <= clock_timestamp() for update skip locked;
            if found then
                return next claimed;
                share := share - 1;
                files_left := files_left - 1;
                bytes_left := bytes_left - claimed.size;
            end if;
        end loop;
    end loop;
end $$;
comment on function likeness.claim_ingest_files(bigint[], integer, bigint) is
    'Locks files of these roots for the transaction and gives them: those that are ready, the longest waiting first, each root its share; at most so many files and bytes, but for a single file that is larger. Passes over files that others have locked.';

create table likeness.ingest_activity (
    host text not null,
    process_id integer not null,
    started_at timestamptz not null,
    updated_at timestamptz not null default now(),
    files bigint not null,
    failures bigint not null,
    bytes bigint not null,
    read_seconds double precision not null,
    decode_seconds double precision not null,
    embed_seconds double precision not null,
    write_seconds double precision not null,
    queue_waiting bigint not null,
    constraint ingest_activity_key primary key (host, process_id, started_at),
    constraint ingest_activity_host_is_named check (host <> ''),
    constraint ingest_activity_files_is_counted check (files >= 0),
    constraint ingest_activity_failures_is_counted check (failures >= 0),
    constraint ingest_activity_bytes_is_counted check (bytes >= 0),
    constraint ingest_activity_queue_waiting_is_counted check (queue_waiting >= 0)
);
create index ingest_activity_by_update on likeness.ingest_activity (updated_at);
comment on table likeness.ingest_activity is
    'What each ingest daemon did since it began, as it last said itself. Rows of daemons that are silent for a week are deleted.';
comment on column likeness.ingest_activity.host is 'The machine it runs on, as in root_mounts.';
comment on column likeness.ingest_activity.process_id is 'Its process there.';
comment on column likeness.ingest_activity.started_at is 'When it began: a process number is used again.';
comment on column likeness.ingest_activity.updated_at is 'When it last said so; more than two minutes ago: it has ended.';
comment on column likeness.ingest_activity.files is 'Files whose outcome it wrote, failures included.';
comment on column likeness.ingest_activity.failures is 'Those of them that failed.';
comment on column likeness.ingest_activity.bytes is 'Bytes that it read.';
comment on column likeness.ingest_activity.read_seconds is 'Time spent on reading and hashing, in seconds, summed over all that ran at once.';
comment on column likeness.ingest_activity.decode_seconds is 'Time spent on decoding, likewise.';
comment on column likeness.ingest_activity.embed_seconds is 'Time spent in the network, likewise.';
comment on column likeness.ingest_activity.write_seconds is 'Time spent on writing to the database, likewise.';
comment on column likeness.ingest_activity.queue_waiting is 'Files of its roots that waited in the queue then.';
revoke execute on function likeness.claim_ingest_files(bigint[], integer, bigint) from public;
