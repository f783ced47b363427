create view likeness.augmentation_robustness as
select
    m.name as model,
    d.operations,
    count(*) as pictures,
    avg(d.distance) as mean_distance,
    percentile_cont(0.5) within group (order by d.distance) as median_distance,
    percentile_cont(0.9) within group (order by d.distance) as p90_distance,
    max(d.distance) as max_distance
from (
    select
        child.model,
        (
            select string_agg(step.value ->> 'operation', ' + ' order by step.ordinality)
            from jsonb_array_elements(a.recipe) with ordinality as step
        ) as operations,
        likeness.squared_l2(child.vector, parent.vector) as distance
    from likeness.augmentations a
    join likeness.embeddings child on child.image = a.child
    join likeness.embeddings parent on parent.image = a.parent and parent.model = child.model
) d
join likeness.embedding_models m on m.id = d.model
group by m.name, d.operations;

comment on view likeness.augmentation_robustness is
    'How far each kind of augmentation moves an embedding from that of the picture it was made from. Computes every distance: about a second for a thousand copies.';
comment on column likeness.augmentation_robustness.model is 'The model.';
comment on column likeness.augmentation_robustness.operations is 'Names of the operations, in order: rotate + flip.';
comment on column likeness.augmentation_robustness.pictures is 'Pictures made in this way, with embeddings of both.';
comment on column likeness.augmentation_robustness.mean_distance is 'Mean squared L2 distance to the parent: 0 identical, 2 orthogonal.';
comment on column likeness.augmentation_robustness.median_distance is 'Median of the distance.';
comment on column likeness.augmentation_robustness.p90_distance is 'Nine of ten are nearer than this.';
comment on column likeness.augmentation_robustness.max_distance is 'The farthest.';
