create view likeness.image_overview as
select
    i.id as image_id,
    encode(i.content_sha256, 'hex') as content_sha256,
    (
        select f.path_text from likeness.image_files f
        where f.image = i.id and f.vanished_at is null order by f.last_seen desc, f.id desc limit 1
    ) as path,
    (select count(*) from likeness.image_files f where f.image = i.id and f.vanished_at is null) as files,
    i.width,
    i.height,
    i.bytes,
    i.format,
    i.orientation,
    i.captured_at,
    i.camera,
    i.gps_latitude,
    i.gps_longitude,
    i.blur,
    i.brightness,
    i.contrast,
    a.parent as parent_id,
    a.root as root_id,
    coalesce(a.root, i.id) as family_id,
    coalesce(a.depth, 0) as depth,
    a.recipe,
    i.state,
    i.added_at
from likeness.images i
left join likeness.augmentations a on a.child = i.id;

comment on view likeness.image_overview is 'Each picture with its file, its properties and its place in its family. The view that --where reads. All of it takes about 6 s for a million pictures, because a path is looked for for each, and a condition on the path 2 s: ask with a limit, or for image_id, parent_id or root_id.';
comment on column likeness.image_overview.image_id is 'Number of the picture.';
comment on column likeness.image_overview.content_sha256 is 'SHA-256 of the bytes of its file, in hexadecimal.';
comment on column likeness.image_overview.path is 'A file that holds it, the one seen last; null when all have vanished.';
comment on column likeness.image_overview.files is 'Number of files that hold it now.';
comment on column likeness.image_overview.width is 'Width in pixels, as seen.';
comment on column likeness.image_overview.height is 'Height in pixels, as seen.';
comment on column likeness.image_overview.bytes is 'Size of the file in bytes.';
comment on column likeness.image_overview.format is 'Format by content: jpeg.';
comment on column likeness.image_overview.orientation is 'EXIF orientation, 1 to 8; width and height have it applied.';
comment on column likeness.image_overview.captured_at is 'When it was taken; null when unknown.';
comment on column likeness.image_overview.camera is 'Maker and model of the camera; null when unknown.';
comment on column likeness.image_overview.gps_latitude is 'Latitude in degrees, north is positive; null when unknown.';
comment on column likeness.image_overview.gps_longitude is 'Longitude in degrees, east is positive; null when unknown.';
comment on column likeness.image_overview.blur is 'Variance of the Laplacian: the smaller, the more blurred; null when not computed.';
comment on column likeness.image_overview.brightness is 'Mean luminance, 0 black to 1 white; null when not computed.';
comment on column likeness.image_overview.contrast is 'Standard deviation of the luminance; null when not computed.';
comment on column likeness.image_overview.parent_id is 'The picture it was made from; null for an original.';
comment on column likeness.image_overview.root_id is 'The original it descends from; null for an original.';
comment on column likeness.image_overview.family_id is 'The original of its family: itself when it is one.';
comment on column likeness.image_overview.depth is 'Augmentations between it and the original: 0 for an original.';
comment on column likeness.image_overview.recipe is 'How it was made from its parent, as a list of operations; null for an original.';
comment on column likeness.image_overview.state is 'active; hidden, or vanished with its last file: in no answer.';
comment on column likeness.image_overview.added_at is 'When it entered the catalog.';
