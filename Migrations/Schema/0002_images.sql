-- Pictures are named by their content; paths are sightings of them. Paths are bytes and may be 4096 of them long, more than
-- an index entry can hold: their uniqueness is that of their SHA-256, and folders are found by the first 512 bytes.

create table likeness.watched_roots (
    id bigint generated always as identity,
    folder bytea not null,
    folder_text text not null,
    marker bytea,
    state text not null default 'active',
    added_at timestamptz not null default now(),
    scanned_at timestamptz,
    constraint watched_roots_key primary key (id),
    constraint watched_roots_folder_is_absolute check (substr(folder, 1, 1) = '\x2f'::bytea),
    constraint watched_roots_state_is_known check (state in ('active', 'unavailable', 'retired'))
);
create unique index watched_roots_folder_is_unique on likeness.watched_roots (sha256(folder));
comment on table likeness.watched_roots is 'Folders that are watched or were ingested as a whole.';
comment on column likeness.watched_roots.id is 'Number of the root.';
comment on column likeness.watched_roots.folder is 'Absolute path of the folder, as bytes, without a slash at its end.';
comment on column likeness.watched_roots.folder_text is 'The same for people: what is not printable UTF-8 is escaped, a backslash is doubled.';
comment on column likeness.watched_roots.marker is
    'What proves that the folder is mounted, and the one that it was: content of its marker file; null when it has none.';
comment on column likeness.watched_roots.state is
    'active; unavailable: not mounted or its marker is gone, so nothing in it counts as vanished; retired: no longer watched.';
comment on column likeness.watched_roots.added_at is 'When it became a root.';
comment on column likeness.watched_roots.scanned_at is 'When a scan of all of it last came to its end; null before the first.';

create table likeness.images (
    id bigint generated always as identity,
    content_sha256 bytea not null,
    pixel_sha256 bytea,
    width integer not null,
    height integer not null,
    bytes bigint not null,
    format text not null,
    orientation smallint not null default 1,
    captured_at timestamptz,
    captured_offset_minutes smallint,
    camera text,
    gps_latitude double precision,
    gps_longitude double precision,
    blur real,
    brightness real,
    contrast real,
    state text not null default 'active',
    added_at timestamptz not null default now(),
    constraint images_key primary key (id),
    constraint images_content_sha256_is_unique unique (content_sha256),
    constraint images_content_sha256_is_32_bytes check (octet_length(content_sha256) = 32),
    constraint images_pixel_sha256_is_32_bytes check (octet_length(pixel_sha256) = 32),
    constraint images_width_is_positive check (width > 0),
    constraint images_height_is_positive check (height > 0),
    constraint images_bytes_is_positive check (bytes > 0),
    constraint images_format_is_named check (format <> ''),
    constraint images_orientation_is_exif check (orientation between 1 and 8),
    constraint images_captured_offset_is_on_earth check (captured_offset_minutes between -1080 and 1080),
    constraint images_gps_is_whole check ((gps_latitude is null) = (gps_longitude is null)),
    constraint images_gps_latitude_is_on_earth check (gps_latitude between -90 and 90),
    constraint images_gps_longitude_is_on_earth check (gps_longitude between -180 and 180),
    constraint images_state_is_known check (state in ('active', 'hidden'))
);
create index images_by_pixels on likeness.images (pixel_sha256) where pixel_sha256 is not null;
create index images_by_capture on likeness.images (captured_at) where captured_at is not null;
create index images_by_arrival on likeness.images (added_at);
comment on table likeness.images is 'Pictures, each once, named by the SHA-256 of the bytes of its file.';
comment on column likeness.images.id is 'Number of the picture; index files and query results use it.';
comment on column likeness.images.content_sha256 is 'SHA-256 of the bytes of the file: the identity of the picture.';
comment on column likeness.images.pixel_sha256 is
    'SHA-256 of the decoded, upright pixels: equal for a copy that was saved again without its metadata; null when not computed.';
comment on column likeness.images.width is 'Width in pixels, as seen: after the orientation is applied.';
comment on column likeness.images.height is 'Height in pixels, as seen: after the orientation is applied.';
comment on column likeness.images.bytes is 'Size of the file in bytes.';
comment on column likeness.images.format is 'Format by content, not by file name: jpeg.';
comment on column likeness.images.orientation is 'EXIF orientation of the file, 1 to 8; 1 is upright. Width and height have it applied.';
comment on column likeness.images.captured_at is 'When the picture was taken, by its EXIF; taken as UTC when no offset is known; null when unknown.';
comment on column likeness.images.captured_offset_minutes is
    'Offset from UTC of the camera''s clock, in minutes; null when the file does not say.';
comment on column likeness.images.camera is 'Maker and model of the camera, by its EXIF; null when unknown.';
comment on column likeness.images.gps_latitude is 'Latitude in degrees, north is positive; null when unknown.';
comment on column likeness.images.gps_longitude is 'Longitude in degrees, east is positive; null when unknown.';
comment on column likeness.images.blur is
    'Variance of the Laplacian of the luminance: the smaller, the more blurred; null when not computed.';
comment on column likeness.images.brightness is 'Mean luminance, 0 black to 1 white; null when not computed.';
comment on column likeness.images.contrast is 'Standard deviation of the luminance, 0 to 0.5; null when not computed.';
comment on column likeness.images.state is 'active; hidden: kept with embedding and lineage, but in no answer and no index.';
comment on column likeness.images.added_at is 'When the picture entered the catalog.';

create table likeness.image_files (
    id bigint generated always as identity,
    root bigint,
    path bytea not null,
    path_text text not null,
    image bigint not null,
    size bigint not null,
    mtime_nanoseconds bigint not null,
    device bigint,
    inode bigint,
    first_seen timestamptz not null default now(),
    last_seen timestamptz not null default now(),
    vanished_at timestamptz,
    constraint image_files_key primary key (id),
    constraint image_files_root foreign key (root) references likeness.watched_roots (id) on delete set null,
    constraint image_files_image foreign key (image) references likeness.images (id) on delete cascade,
    constraint image_files_path_is_absolute check (substr(path, 1, 1) = '\x2f'::bytea),
    constraint image_files_size_is_positive check (size > 0)
);
create unique index image_files_path_is_unique on likeness.image_files (sha256(path));
create index image_files_by_folder on likeness.image_files (substr(path, 1, 512));
create index image_files_by_image on likeness.image_files (image);
create index image_files_by_root on likeness.image_files (root) where root is not null;
comment on table likeness.image_files is
    'Sightings of pictures: which file held which picture when. A picture with several files has exact copies.';
comment on column likeness.image_files.id is 'Number of the sighting.';
comment on column likeness.image_files.root is 'The watched root it lies in; null when it was ingested by its own path.';
comment on column likeness.image_files.path is 'Absolute path, as bytes: file names need not be UTF-8. Unique, whatever roots overlap.';
comment on column likeness.image_files.path_text is 'The same for people: what is not printable UTF-8 is escaped, a backslash is doubled.';
comment on column likeness.image_files.image is 'The picture that the file holds.';
comment on column likeness.image_files.size is 'Size of the file in bytes when it was read.';
comment on column likeness.image_files.mtime_nanoseconds is
    'Time of its last change when it was read, in nanoseconds since 1970; with the size it vouches that the file is the same.';
comment on column likeness.image_files.device is 'Number of its file system; null when not recorded.';
comment on column likeness.image_files.inode is 'Its inode (64 bits, read as signed): a moved file keeps it; null when not recorded.';
comment on column likeness.image_files.first_seen is 'When the file was first seen at this path.';
comment on column likeness.image_files.last_seen is 'When the file was last seen there with this size and time.';
comment on column likeness.image_files.vanished_at is 'When the file was found to be gone; null while it is there.';

create table likeness.ingest_failures (
    id bigint generated always as identity,
    root bigint,
    path bytea not null,
    path_text text not null,
    error_class text not null,
    message text not null,
    attempts integer not null default 1,
    size bigint,
    mtime_nanoseconds bigint,
    first_failed_at timestamptz not null default now(),
    last_failed_at timestamptz not null default now(),
    next_retry_at timestamptz,
    constraint ingest_failures_key primary key (id),
    constraint ingest_failures_root foreign key (root) references likeness.watched_roots (id) on delete set null,
    constraint ingest_failures_path_is_absolute check (substr(path, 1, 1) = '\x2f'::bytea),
    constraint ingest_failures_error_class_is_named check (error_class <> ''),
    constraint ingest_failures_attempts_is_positive check (attempts > 0),
    constraint ingest_failures_file_is_whole check ((size is null) = (mtime_nanoseconds is null))
);
create unique index ingest_failures_path_is_unique on likeness.ingest_failures (sha256(path));
create index ingest_failures_by_folder on likeness.ingest_failures (substr(path, 1, 512));
create index ingest_failures_by_retry on likeness.ingest_failures (next_retry_at) where next_retry_at is not null;
create index ingest_failures_by_root on likeness.ingest_failures (root) where root is not null;
comment on table likeness.ingest_failures is
    'Files that could not be ingested, each with the last reason. A row goes when its file is ingested after all.';
comment on column likeness.ingest_failures.id is 'Number of the failure.';
comment on column likeness.ingest_failures.root is 'The watched root the file lies in; null when it was named by itself.';
comment on column likeness.ingest_failures.path is 'Absolute path, as bytes. Unique.';
comment on column likeness.ingest_failures.path_text is 'The same for people: what is not printable UTF-8 is escaped, a backslash is doubled.';
comment on column likeness.ingest_failures.error_class is 'Class of the error, the same word for the same cause: not_an_image, truncated.';
comment on column likeness.ingest_failures.message is 'The error in one line.';
comment on column likeness.ingest_failures.attempts is 'How often it was tried, this failure included.';
comment on column likeness.ingest_failures.size is 'Size of the file in bytes when it failed; null when it could not be had.';
comment on column likeness.ingest_failures.mtime_nanoseconds is
    'Time of its last change when it failed, in nanoseconds since 1970: a changed file is tried again; null when it could not be had.';
comment on column likeness.ingest_failures.first_failed_at is 'When it failed for the first time.';
comment on column likeness.ingest_failures.last_failed_at is 'When it failed for the last time.';
comment on column likeness.ingest_failures.next_retry_at is 'When to try again; null: not before the file changes.';
