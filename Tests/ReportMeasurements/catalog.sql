-- A catalog of :pictures pictures without files on a disk and without vectors: families of 101, some folders, exact copies, equal
-- pixels, failures, near-duplicates, measurements. The same in every run. For psql, with the schema in place and empty.
--
-- What is generated is consistent, so triggers and foreign keys need not look at each row: session_replication_role is for
-- superusers, which one is in the private database.

\set families :pictures / 101
set session_replication_role = replica;
set work_mem = '256MB';

insert into likeness.embedding_models (name, architecture, dimension, preprocessing, "precision")
values ('generated', 'generated', 2048, 'none', 'fp32');

insert into likeness.watched_roots (folder, folder_text)
select convert_to('/data/' || name, 'UTF8'), '/data/' || name from unnest(array['train', 'test', 'incoming']) as name;

-- A hundredth of the pictures are saved-again copies of the one before them.
insert into likeness.images (content_sha256, pixel_sha256, width, height, bytes, format, captured_at, camera, blur, brightness,
    contrast, added_at)
select sha256(n::text::bytea), sha256(('pixels' || n - (n % 100 = 99)::integer)::bytea), 640 + n % 3000, 480 + n % 2000,
    20000 + n::bigint * 7919 % 4000000, case n % 10 when 0 then 'png' else 'jpeg' end,
    case when n % 3 > 0 then '2024-01-01'::timestamptz + n * interval '1 minute' end, 'Camera ' || n % 20, n % 997, 0.5, 0.2,
    '2025-01-01'::timestamptz + n * interval '30 seconds'
from generate_series(1, :pictures) n;

-- Families lie in folders of their own; a few have their last copy in the test folder.
insert into likeness.image_files (root, path, path_text, image, size, mtime_nanoseconds, host, device, inode, first_seen, last_seen)
select r.id, convert_to(path, 'UTF8'), path, n, 20000, 1700000000000000000 + n, 'generator', 1, n, '2025-01-01', '2025-01-01'
from generate_series(1, :pictures) n
cross join lateral (
    select case when n % 101 = 100 and n / 101 % 50 = 0 then 'test' when n / 101 % 10 = 0 then 'incoming' else 'train' end as root
) place
cross join lateral (
    select '/data/' || place.root || '/series ' || n / 10100 || '/photo ' || n / 101 || '_' || n % 101 || '.jpg' as path
) file
join likeness.watched_roots r on r.folder_text = '/data/' || place.root;

-- One in two hundred has an exact copy in another folder.
insert into likeness.image_files (root, path, path_text, image, size, mtime_nanoseconds, first_seen, last_seen)
select r.id, convert_to(path, 'UTF8'), path, n, 20000, 1700000000000000000 + n, '2025-01-02', '2025-01-02'
from generate_series(1, :pictures, 200) n
cross join lateral (select '/data/incoming/copies/' || n || '.jpg' as path) file
join likeness.watched_roots r on r.folder_text = '/data/incoming';

insert into likeness.augmentations (child, parent, root, depth, recipe, seed, ordinal)
select n, n - n % 101, n - n % 101, 1,
    jsonb_build_array(jsonb_build_object('operation', 'rotate', 'degrees', n % 21 - 10),
        jsonb_build_object('operation', 'crop', 'share', 0.8 + n % 10 * 0.02)), 7, n % 101 - 1
from generate_series(101, :pictures) n where n % 101 > 0;

insert into likeness.ingest_failures (root, path, path_text, error_class, message, attempts, first_failed_at, last_failed_at, next_retry_at)
select 1, convert_to('/data/train/broken/' || n, 'UTF8'), '/data/train/broken/' || n,
    (array['truncated', 'not_an_image', 'empty', 'unreadable'])[1 + n % 4], 'the file cannot be read', 1 + n % 5,
    '2025-01-01', '2025-01-01'::timestamptz + n * interval '1 minute', case when n % 4 = 3 then now() + interval '1 day' end
from generate_series(1, :pictures / 100) n;

insert into likeness.ingest_queue (root, path, path_text, size, mtime_nanoseconds)
select 1, convert_to('/data/train/waiting/' || n, 'UTF8'), '/data/train/waiting/' || n, 20000, n
from generate_series(1, :pictures / 1000) n;

-- Half of a family are near-duplicates of the one that comes three later; a third of the families of a relative in the next one.
insert into likeness.near_duplicate_edges (model, first_image, second_image, distance, found_at)
select 1, n, n + 3, (n % 100)::real / 2500, '2025-06-01'::timestamptz from generate_series(101, :pictures - 3) n where n % 101 between 1 and 50
union all
select 1, n, n + 101, 0.02, '2025-06-01'::timestamptz from generate_series(101, :pictures - 101, 101) n where n / 101 % 3 = 0;

insert into likeness.duplicate_thresholds (model, threshold, set_by) values (1, 0.05, 'default');
-- Chains of pictures three apart, from 1 to 53 of a family: a group for each remainder.
insert into likeness.duplicate_members (model, image, group_number)
select 1, n, n - n % 101 + 1 + (n % 101 - 1) % 3 from generate_series(101, :pictures) n where n % 101 between 1 and 53;
insert into likeness.duplicate_members (model, image, group_number)
select 1, n + d, n from generate_series(101, :pictures - 101, 101) n cross join (values (0), (101)) as v (d) where n / 101 % 3 = 0
on conflict do nothing;

insert into likeness.nearest_neighbors (model, image, nearest, distance)
select 1, n, case when n = :pictures then n - 1 else n + 1 end, (n::bigint * 7919 % 100000)::real / 100000 from generate_series(1, :pictures) n;

insert into likeness.duplicate_judgments (first_image, second_image, verdict, judged_by)
select n, n + 3, case n % 2 when 0 then 'same' else 'different' end, 'generator'
from generate_series(102, :pictures - 3, 10100) n;

insert into likeness.augmentation_outcomes (model, index_type, image, operation, strength, rank, distance)
select 1, type, n, operation, (n % 100)::double precision / 100, case when n % 9 > 0 then 1 + n % 7 end, (n % 50)::real / 100
from generate_series(101, least(:pictures, 101 + 12500)) n, unnest(array['flat', 'hnsw', 'ivfflat', 'ivfpq']) as type,
    unnest(array['rotate', 'crop', 'flip', 'brightness', 'contrast', 'saturation', 'all']) as operation
where n % 101 > 0;

insert into likeness.index_stores (store, model, host, folder, position)
values ('00000000-0000-0000-0000-000000000001', 1, 'generator', '/var/lib/likeness/indexes/generated', pg_current_snapshot());
insert into likeness.vector_indexes (name, model, type)
select type, 1, type from unnest(array['flat', 'hnsw', 'ivfflat', 'ivfpq']) as type;
insert into likeness.index_generations (index, store, generation, state, reason, rows, bytes, seconds, recall_at_10, started_at, published_at)
select v.id, '00000000-0000-0000-0000-000000000001', n, case n when 250 then 'published' else 'superseded' end, 'rows since training',
    n * 4000, n * 100000, n, 0.97, '2025-01-01'::timestamptz + n * interval '1 day', '2025-01-01'::timestamptz + n * interval '1 day'
from likeness.vector_indexes v, generate_series(1, 250) n;
insert into likeness.index_health (index, store, generation, measured_at, rows, recall_at_10)
select v.id, '00000000-0000-0000-0000-000000000001', 1 + n / 40, '2025-01-01'::timestamptz + n * interval '1 hour', n * 100, 0.97
from likeness.vector_indexes v, generate_series(1, 10000) n;
insert into likeness.embedding_changes (model, image, operation) select 1, n, 'insert' from generate_series(1, 1000) n;

set session_replication_role = origin;
vacuum analyze;
