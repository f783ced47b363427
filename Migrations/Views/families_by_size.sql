create view likeness.families_by_size as
select
    d.family_id,
    d.pictures,
    (select max(a.depth) from likeness.augmentations a where a.root = d.family_id) as depth,
    (
        select f.path_text from likeness.image_files f
        where f.image = d.family_id and f.vanished_at is null order by f.last_seen desc, f.id desc limit 1
    ) as path
from (
    select root as family_id, count(*) + 1 as pictures from likeness.augmentations group by root
) d
order by d.pictures desc, d.family_id;

comment on view likeness.families_by_size is
    'Originals with the number of pictures in their family, the largest first. Counts all lineage in an index.';
comment on column likeness.families_by_size.family_id is 'The original.';
comment on column likeness.families_by_size.pictures is 'Pictures of the family, the original and hidden ones included.';
comment on column likeness.families_by_size.depth is 'Augmentations between the original and its farthest descendant.';
comment on column likeness.families_by_size.path is 'A file that holds the original; null when all have vanished.';
