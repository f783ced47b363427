-- Which picture was made from which, and which were found to be alike: two different things.

create table likeness.augmentations (
    child bigint not null,
    parent bigint not null,
    root bigint not null,
    depth integer not null default 1,
    recipe jsonb not null,
    seed bigint,
    ordinal integer,
    recorded_at timestamptz not null default now(),
    constraint augmentations_key primary key (child),
    constraint augmentations_child foreign key (child) references likeness.images (id) on delete cascade,
    constraint augmentations_parent foreign key (parent) references likeness.images (id) on delete cascade,
    constraint augmentations_root foreign key (root) references likeness.images (id) on delete cascade,
    constraint augmentations_child_is_not_parent check (child <> parent),
    constraint augmentations_child_is_not_root check (child <> root),
    constraint augmentations_depth_is_positive check (depth > 0),
    constraint augmentations_depth_fits_root check ((depth = 1) = (parent = root)),
    constraint augmentations_recipe_is_array check (jsonb_typeof(recipe) = 'array'),
    constraint augmentations_ordinal_is_counted check (ordinal >= 0)
);
create index augmentations_by_parent on likeness.augmentations (parent);
create index augmentations_by_root on likeness.augmentations (root, child);
comment on table likeness.augmentations is
    'Lineage: this picture was made from that one by these operations. It goes when one of the pictures is deleted.';
comment on column likeness.augmentations.child is 'The picture that was made.';
comment on column likeness.augmentations.parent is 'The picture it was made from.';
comment on column likeness.augmentations.root is 'The original at the top of the family; the parent itself when that is an original.';
comment on column likeness.augmentations.depth is 'Steps from the root: 1 for a copy of the original.';
comment on column likeness.augmentations.recipe is
    'Operations with their parameters, in order: [{"operation": "rotate", "degrees": 4.2}, {"operation": "flip"}].';
comment on column likeness.augmentations.seed is 'Seed the parameters were drawn with; null when they were not drawn by Likeness.';
comment on column likeness.augmentations.ordinal is 'Which of the parent''s copies it is, counted from 0; null when unknown.';
comment on column likeness.augmentations.recorded_at is 'When the lineage was recorded.';

create table likeness.near_duplicate_edges (
    model bigint not null,
    first_image bigint not null,
    second_image bigint not null,
    distance real not null,
    found_at timestamptz not null default now(),
    constraint near_duplicate_edges_key primary key (model, first_image, second_image),
    constraint near_duplicate_edges_model foreign key (model) references likeness.embedding_models (id) on delete cascade,
    constraint near_duplicate_edges_first_image foreign key (first_image) references likeness.images (id) on delete cascade,
    constraint near_duplicate_edges_second_image foreign key (second_image) references likeness.images (id) on delete cascade,
    constraint near_duplicate_edges_is_ordered check (first_image < second_image),
    constraint near_duplicate_edges_distance_is_positive check (distance >= 0)
);
create index near_duplicate_edges_by_first_image on likeness.near_duplicate_edges (first_image);
create index near_duplicate_edges_by_second_image on likeness.near_duplicate_edges (second_image);
create index near_duplicate_edges_by_distance on likeness.near_duplicate_edges (model, distance);
comment on table likeness.near_duplicate_edges is
    'Pairs of pictures that a search found to be nearer than the threshold in force then; each pair once.';
comment on column likeness.near_duplicate_edges.model is 'The model whose embeddings were compared.';
comment on column likeness.near_duplicate_edges.first_image is 'The picture with the smaller number.';
comment on column likeness.near_duplicate_edges.second_image is 'The picture with the larger number.';
comment on column likeness.near_duplicate_edges.distance is 'Squared L2 distance of their embeddings: 0 identical, 2 orthogonal.';
comment on column likeness.near_duplicate_edges.found_at is 'When the pair was found.';
