create view likeness.duplicate_groups as
select
    m.name as model,
    g.group_number,
    d.pictures,
    d.files,
    d.distinct_pixels,
    d.families,
    case
        when d.distinct_pixels = 1 then 'same_pixels'
        when d.families = 1 then 'lineage'
        else 'near_duplicate'
    end as relation,
    d.image_ids,
    d.paths
from (select distinct model, group_number from likeness.duplicate_members) g
join likeness.embedding_models m on m.id = g.model
cross join lateral (
    select
        count(*) as pictures,
        sum((select count(*) from likeness.image_files f where f.image = i.id and f.vanished_at is null))::bigint as files,
        count(distinct coalesce(i.pixel_sha256, i.content_sha256)) as distinct_pixels,
        count(distinct coalesce(a.root, i.id)) as families,
        array_agg(i.id order by i.id) as image_ids,
        array_agg((
            select f.path_text from likeness.image_files f
            where f.image = i.id and f.vanished_at is null order by f.last_seen desc, f.id desc limit 1
        ) order by i.id) as paths
    from likeness.duplicate_members e
    join likeness.images i on i.id = e.image and i.state = 'active'
    left join likeness.augmentations a on a.child = i.id
    where e.model = g.model and e.group_number = g.group_number
) d
where d.pictures > 1;

comment on view likeness.duplicate_groups is
    'Groups of near-duplicates: pictures that a chain of pairs joins, each within the threshold or judged to be the same. Kept up to date as pairs are found; all of it takes about 7 s for a million pictures in groups, because files and paths are looked for: ask with a limit.';
comment on column likeness.duplicate_groups.model is 'The model whose embeddings were compared.';
comment on column likeness.duplicate_groups.group_number is
    'Number of the group: the smallest number of a picture that was in it when it was made.';
comment on column likeness.duplicate_groups.pictures is 'Pictures in it.';
comment on column likeness.duplicate_groups.files is 'Files that hold them: more than pictures when there are exact copies among them.';
comment on column likeness.duplicate_groups.distinct_pixels is
    'How many of them differ when decoded: fewer than pictures when some were only saved again.';
comment on column likeness.duplicate_groups.families is 'Families by lineage that they belong to; a picture without lineage is one of its own.';
comment on column likeness.duplicate_groups.relation is
    'What all of them have in common: same_pixels: they are one picture in files of different bytes; lineage: they are of one family; near_duplicate: they are alike, and nothing else is known of all of them.';
comment on column likeness.duplicate_groups.image_ids is 'Their numbers, ascending.';
comment on column likeness.duplicate_groups.paths is 'A file of each, in the same order; null where all have vanished.';
