create view likeness.leaks as
select
    s.relation,
    s.folders[x] as first_folder,
    s.folders[y] as second_folder,
    s.files[x] as first_files,
    s.files[y] as second_files,
    s.paths[x] as first_path,
    s.paths[y] as second_path,
    null::real as distance,
    null::text as model
from (
    -- What one picture, one digest of pixels or one family has in each folder, where it has something in several.
    select
        u.relation,
        u.unit,
        array_agg(u.folder order by u.folder) as folders,
        array_agg(u.path order by u.folder) as paths,
        array_agg(u.files order by u.folder) as files,
        array_agg(u.least_image order by u.folder) as least_images,
        array_agg(u.greatest_image order by u.folder) as greatest_images
    from (
        select 'exact_copy' as relation, f.image::text as unit, likeness.folder_of(f.path_text) as folder,
            min(f.path_text) as path, count(*) as files, f.image as least_image, f.image as greatest_image
        from (
            select image from likeness.image_files where vanished_at is null group by image having count(*) > 1
        ) several
        join likeness.images i on i.id = several.image and i.state = 'active'
        join likeness.image_files f on f.image = several.image and f.vanished_at is null
        group by f.image, likeness.folder_of(f.path_text)
        union all
        select 'same_pixels', encode(i.pixel_sha256, 'hex'), likeness.folder_of(f.path_text), min(f.path_text), count(*),
            min(i.id), max(i.id)
        from (
            select pixel_sha256 from likeness.images
            where pixel_sha256 is not null and state = 'active' group by pixel_sha256 having count(*) > 1
        ) several
        join likeness.images i on i.pixel_sha256 = several.pixel_sha256 and i.state = 'active'
        join likeness.image_files f on f.image = i.id and f.vanished_at is null
        group by i.pixel_sha256, likeness.folder_of(f.path_text)
        union all
        select 'lineage', a.root::text, likeness.folder_of(f.path_text), min(f.path_text), count(*), min(i.id), max(i.id)
        from (
            select child as image, root from likeness.augmentations
            union all select root, root from likeness.augmentations group by root
        ) a
        join likeness.images i on i.id = a.image and i.state = 'active'
        join likeness.image_files f on f.image = a.image and f.vanished_at is null
        group by a.root, likeness.folder_of(f.path_text)
    ) u
    group by u.relation, u.unit
    having count(*) > 1
) s
cross join lateral generate_subscripts(s.folders, 1) as x
cross join lateral generate_series(x + 1, cardinality(s.folders)) as y
where s.relation = 'exact_copy'
    -- One picture in both folders is an exact copy, not a relation of two pictures.
    or least(s.least_images[x], s.least_images[y]) < greatest(s.greatest_images[x], s.greatest_images[y])
union all
select
    'near_duplicate',
    least(a.folder, b.folder),
    greatest(a.folder, b.folder),
    case when a.folder < b.folder then a.files else b.files end,
    case when a.folder < b.folder then b.files else a.files end,
    case when a.folder < b.folder then a.path else b.path end,
    case when a.folder < b.folder then b.path else a.path end,
    n.distance,
    n.model
from likeness.near_duplicates n
cross join lateral (
    select likeness.folder_of(f.path_text) as folder, min(f.path_text) as path, count(*) as files
    from likeness.image_files f where f.image = n.first_image_id and f.vanished_at is null group by folder
) a
cross join lateral (
    select likeness.folder_of(f.path_text) as folder, min(f.path_text) as path, count(*) as files
    from likeness.image_files f where f.image = n.second_image_id and f.vanished_at is null group by folder
) b
where n.relation = 'near_duplicate' and a.folder <> b.folder;

comment on view likeness.leaks is
    'What two folders share: exact copies, the same pixels, pictures of one family, near-duplicates. Test pictures that training has seen: --where "first_folder = ''/data/test'' and second_folder = ''/data/train''". Takes up to ten seconds for a million pictures, because it looks at the folder of every file of every family, whatever two folders are asked for; about one with relation = ''exact_copy'' or ''same_pixels''.';
comment on column likeness.leaks.relation is
    'exact_copy: the same bytes in both; same_pixels: equal when decoded; lineage: of one family; near_duplicate: alike, and nothing else is known.';
comment on column likeness.leaks.first_folder is 'The folder that comes first in the alphabet; of the files themselves, not of a tree.';
comment on column likeness.leaks.second_folder is 'The other folder.';
comment on column likeness.leaks.first_files is 'Files of it that hold these bytes, these pixels, a picture of this family or of this pair.';
comment on column likeness.leaks.second_files is 'The same of the other folder.';
comment on column likeness.leaks.first_path is 'One of these in the first folder.';
comment on column likeness.leaks.second_path is 'One of these in the second folder.';
comment on column likeness.leaks.distance is 'Squared L2 distance of near-duplicates: 0 identical, 2 orthogonal; null for the other relations.';
comment on column likeness.leaks.model is 'The model that found near-duplicates; null for the other relations.';
