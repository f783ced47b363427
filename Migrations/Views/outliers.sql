create view likeness.outliers as
select
    m.name as model,
    n.distance,
    n.image as image_id,
    (
        select f.path_text from likeness.image_files f
        where f.image = n.image and f.vanished_at is null order by f.last_seen desc, f.id desc limit 1
    ) as path,
    n.nearest as nearest_image_id,
    (
        select f.path_text from likeness.image_files f
        where f.image = n.nearest and f.vanished_at is null order by f.last_seen desc, f.id desc limit 1
    ) as nearest_path,
    n.searched_at
from likeness.nearest_neighbors n
join likeness.embedding_models m on m.id = n.model
join likeness.images i on i.id = n.image and i.state = 'active'
order by n.distance desc;

comment on view likeness.outliers is
    'Pictures by the distance to their nearest neighbor, those farthest from everything first. Holds every picture that was searched, and takes about 10 s for a million, because a path is looked for twice for each: ask with a limit.';
comment on column likeness.outliers.model is 'The model whose embeddings were compared.';
comment on column likeness.outliers.distance is
    'Squared L2 distance to the nearest other picture that was known when this one was searched: 0 identical, 2 orthogonal. What came later counts when it is within the threshold, or when this picture is among the 15 nearest to it.';
comment on column likeness.outliers.image_id is 'The picture.';
comment on column likeness.outliers.path is 'A file that holds it; null when all have vanished.';
comment on column likeness.outliers.nearest_image_id is 'Its nearest neighbor.';
comment on column likeness.outliers.nearest_path is 'A file that holds that one; null when all have vanished.';
comment on column likeness.outliers.searched_at is
    'When it was searched, or when a picture that came later was found to be nearer.';
