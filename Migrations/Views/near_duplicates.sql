create view likeness.near_duplicates as
select
    m.name as model,
    e.distance,
    e.first_image as first_image_id,
    a.path as first_path,
    e.second_image as second_image_id,
    b.path as second_path,
    a.family_id = b.family_id as same_family,
    e.found_at
from likeness.near_duplicate_edges e
join likeness.embedding_models m on m.id = e.model
join likeness.image_overview a on a.image_id = e.first_image
join likeness.image_overview b on b.image_id = e.second_image
where a.state = 'active' and b.state = 'active';

comment on view likeness.near_duplicates is
    'Pairs of pictures that a search found to be near-duplicates. It shows recorded pairs and compares nothing itself.';
comment on column likeness.near_duplicates.model is 'The model whose embeddings were compared.';
comment on column likeness.near_duplicates.distance is 'Squared L2 distance of the embeddings: 0 identical, 2 orthogonal.';
comment on column likeness.near_duplicates.first_image_id is 'The picture with the smaller number.';
comment on column likeness.near_duplicates.first_path is 'A file that holds it; null when all have vanished.';
comment on column likeness.near_duplicates.second_image_id is 'The picture with the larger number.';
comment on column likeness.near_duplicates.second_path is 'A file that holds it; null when all have vanished.';
comment on column likeness.near_duplicates.same_family is 'Whether lineage says that both come from one original.';
comment on column likeness.near_duplicates.found_at is 'When the pair was found.';
