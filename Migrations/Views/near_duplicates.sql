create view likeness.near_duplicates as
select
    m.name as model,
    p.distance,
    p.first_image as first_image_id,
    (
        select f.path_text from likeness.image_files f
        where f.image = p.first_image and f.vanished_at is null order by f.last_seen desc, f.id desc limit 1
    ) as first_path,
    p.second_image as second_image_id,
    (
        select f.path_text from likeness.image_files f
        where f.image = p.second_image and f.vanished_at is null order by f.last_seen desc, f.id desc limit 1
    ) as second_path,
    coalesce(x.root, a.id) = coalesce(y.root, b.id) as same_family,
    case
        when a.pixel_sha256 = b.pixel_sha256 then 'same_pixels'
        when coalesce(x.root, a.id) = coalesce(y.root, b.id) then 'lineage'
        else 'near_duplicate'
    end as relation,
    p.verdict,
    p.found_at
from (
    select e.model, e.first_image, e.second_image, e.distance, j.verdict, e.found_at
    from likeness.near_duplicate_edges e
    left join likeness.duplicate_thresholds t on t.model = e.model
    left join likeness.duplicate_judgments j on j.first_image = e.first_image and j.second_image = e.second_image
    where j.verdict = 'same'
        or (e.distance <= coalesce(t.threshold, likeness.default_duplicate_threshold()) and j.verdict is null)
    union all
    select null, j.first_image, j.second_image, null, j.verdict, j.judged_at
    from likeness.duplicate_judgments j
    where j.verdict = 'same' and not exists (
        select from likeness.near_duplicate_edges e where e.first_image = j.first_image and e.second_image = j.second_image)
) p
left join likeness.embedding_models m on m.id = p.model
join likeness.images a on a.id = p.first_image and a.state = 'active'
join likeness.images b on b.id = p.second_image and b.state = 'active'
left join likeness.augmentations x on x.child = p.first_image
left join likeness.augmentations y on y.child = p.second_image;

comment on view likeness.near_duplicates is
    'Pairs of pictures within the threshold of near-duplicates, and those that a person judged to be the same. Pairs judged to be different are left out. All of them take about 10 s for a million, because a path is looked for twice for each: ask with a limit or for a picture.';
comment on column likeness.near_duplicates.model is
    'The model whose embeddings were compared; null for a pair that only a person called the same.';
comment on column likeness.near_duplicates.distance is
    'Squared L2 distance of the embeddings: 0 identical, 2 orthogonal; null for a pair that only a person called the same.';
comment on column likeness.near_duplicates.first_image_id is 'The picture with the smaller number.';
comment on column likeness.near_duplicates.first_path is 'A file that holds it; null when all have vanished.';
comment on column likeness.near_duplicates.second_image_id is 'The picture with the larger number.';
comment on column likeness.near_duplicates.second_path is 'A file that holds it; null when all have vanished.';
comment on column likeness.near_duplicates.same_family is 'Whether lineage says that both come from one original.';
comment on column likeness.near_duplicates.relation is
    'What the two are to one another: same_pixels: the same picture in two files of different bytes; lineage: of one family; near_duplicate: alike, and nothing else is known.';
comment on column likeness.near_duplicates.verdict is 'same when a person judged so; null when nobody did.';
comment on column likeness.near_duplicates.found_at is 'When the pair was found, or judged.';
