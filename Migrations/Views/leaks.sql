create view likeness.leaks as
with places as materialized (
    select f.image, likeness.folder_of(f.path_text) as folder, min(f.path_text) as path, count(*) as files
    from likeness.image_files f
    join likeness.images i on i.id = f.image and i.state = 'active'
    where f.vanished_at is null
    group by f.image, folder
), sharing as (
    -- What one picture, one digest of pixels or one family has in each folder, where it has something in several.
    select
        u.relation,
        u.unit,
        array_agg(u.folder order by u.folder) as folders,
        array_agg(u.path order by u.folder) as paths,
        array_agg(u.pictures order by u.folder) as pictures,
        array_agg(u.least_image order by u.folder) as least_images,
        array_agg(u.greatest_image order by u.folder) as greatest_images
    from (
        select 'exact_copy' as relation, p.image::text as unit, p.folder, p.path, 1::bigint as pictures,
            p.image as least_image, p.image as greatest_image
        from places p
        where p.image in (select image from places group by image having count(*) > 1)
        union all
        select 'same_pixels', encode(i.pixel_sha256, 'hex'), p.folder, min(p.path), count(*), min(p.image), max(p.image)
        from places p join likeness.images i on i.id = p.image
        where i.pixel_sha256 in (
            select pixel_sha256 from likeness.images
            where pixel_sha256 is not null and state = 'active' group by pixel_sha256 having count(*) > 1)
        group by i.pixel_sha256, p.folder
        union all
        select 'lineage', a.root::text, p.folder, min(p.path), count(*), min(p.image), max(p.image)
        from (
            select child as image, root from likeness.augmentations
            union all select distinct root, root from likeness.augmentations
        ) a
        join places p on p.image = a.image
        group by a.root, p.folder
    ) u
    group by u.relation, u.unit
    having count(*) > 1
)
select
    s.relation,
    s.folders[x] as first_folder,
    s.folders[y] as second_folder,
    s.pictures[x] as first_pictures,
    s.pictures[y] as second_pictures,
    s.paths[x] as first_path,
    s.paths[y] as second_path,
    null::real as distance,
    null::text as model
from sharing s
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
    1,
    1,
    case when a.folder < b.folder then a.path else b.path end,
    case when a.folder < b.folder then b.path else a.path end,
    n.distance,
    n.model
from likeness.near_duplicates n
join places a on a.image = n.first_image_id
join places b on b.image = n.second_image_id and b.folder <> a.folder
where n.relation = 'near_duplicate';

comment on view likeness.leaks is
    'What two folders share: exact copies, the same pixels, pictures of one family, near-duplicates. Test pictures that training has seen: --where "first_folder = ''/data/test'' and second_folder = ''/data/train''". Takes some seconds for a million pictures, because it groups all files by folder, whatever two folders are asked for.';
comment on column likeness.leaks.relation is
    'exact_copy: the same bytes in both; same_pixels: equal when decoded; lineage: of one family; near_duplicate: alike, and nothing else is known.';
comment on column likeness.leaks.first_folder is 'The folder that comes first in the alphabet; of the files themselves, not of a tree.';
comment on column likeness.leaks.second_folder is 'The other folder.';
comment on column likeness.leaks.first_pictures is 'Pictures of it that share these bytes, these pixels or this family; 1 for a near-duplicate.';
comment on column likeness.leaks.second_pictures is 'The same of the other folder.';
comment on column likeness.leaks.first_path is 'One of these in the first folder.';
comment on column likeness.leaks.second_path is 'One of these in the second folder.';
comment on column likeness.leaks.distance is 'Squared L2 distance of near-duplicates: 0 identical, 2 orthogonal; null for the other relations.';
comment on column likeness.leaks.model is 'The model that found near-duplicates; null for the other relations.';
