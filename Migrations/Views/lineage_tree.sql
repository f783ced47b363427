create view likeness.lineage_tree as
select
    o.family_id,
    o.image_id,
    o.parent_id,
    o.depth,
    o.path,
    (
        select string_agg(step.value ->> 'operation', ' + ' order by step.ordinality)
        from jsonb_array_elements(o.recipe) with ordinality as step
    ) as operations,
    o.recipe,
    a.seed,
    a.ordinal,
    (select count(*) from likeness.augmentations c where c.parent = o.image_id) as children
from likeness.image_overview o
left join likeness.augmentations a on a.child = o.image_id
where o.depth > 0 or exists (select from likeness.augmentations c where c.root = o.image_id);

comment on view likeness.lineage_tree is
    'Families: each original that has copies, and every copy with how it was made. Order by family_id, depth, image_id.';
comment on column likeness.lineage_tree.family_id is 'The original of the family.';
comment on column likeness.lineage_tree.image_id is 'The picture.';
comment on column likeness.lineage_tree.parent_id is 'The picture it was made from; null for the original.';
comment on column likeness.lineage_tree.depth is 'Augmentations between it and the original: 0 for the original.';
comment on column likeness.lineage_tree.path is 'A file that holds it; null when all have vanished.';
comment on column likeness.lineage_tree.operations is 'Names of the operations, in order: rotate + flip; null for the original.';
comment on column likeness.lineage_tree.recipe is 'The operations with their parameters; null for the original.';
comment on column likeness.lineage_tree.seed is 'Seed the parameters were drawn with; null when unknown.';
comment on column likeness.lineage_tree.ordinal is 'Which of its parent''s copies it is, counted from 0; null when unknown.';
comment on column likeness.lineage_tree.children is 'Pictures that were made from it directly.';
