create view likeness.augmentation_robustness as
select
    m.name as model,
    d.index_type,
    d.operation,
    (d.quarter - 1) / 4.0::double precision as strength_from,
    d.quarter / 4.0::double precision as strength_to,
    d.n,
    d.first::double precision / d.n as recall_at_1,
    likeness.wilson_low(d.first, d.n) as recall_at_1_low,
    likeness.wilson_high(d.first, d.n) as recall_at_1_high,
    d.fifth::double precision / d.n as recall_at_5,
    likeness.wilson_low(d.fifth, d.n) as recall_at_5_low,
    likeness.wilson_high(d.fifth, d.n) as recall_at_5_high,
    d.median_distance,
    d.measured_at
from (
    select
        model,
        index_type,
        operation,
        case when strength < 1 then floor(strength * 4)::integer + 1 when strength = 1 then 4 end as quarter,
        count(*) as n,
        count(*) filter (where rank = 1) as first,
        count(*) filter (where rank <= 5) as fifth,
        percentile_cont(0.5) within group (order by distance) as median_distance,
        max(measured_at) as measured_at
    from likeness.augmentation_outcomes
    group by model, index_type, operation, quarter
) d
join likeness.embedding_models m on m.id = d.model
order by m.name, d.index_type, d.operation, d.quarter;

comment on view likeness.augmentation_robustness is
    'Which changes of a picture the search survives: how often a search among the originals finds the one that an augmented copy was made from, by operation and strength. Reads all measurements of likeness evaluate: about a second for 500,000 of them.';
comment on column likeness.augmentation_robustness.model is 'The model whose embeddings were searched.';
comment on column likeness.augmentation_robustness.index_type is 'The type of index that was asked: flat, hnsw, ivfflat or ivfpq.';
comment on column likeness.augmentation_robustness.operation is
    'The operation, whatever others made the copy with it; all: recipes as a whole.';
comment on column likeness.augmentation_robustness.strength_from is
    'Least strength of the row, included: 0 changes nothing, 1 is the strongest of the range; null where there is no strength.';
comment on column likeness.augmentation_robustness.strength_to is 'Greatest strength of the row, not included but for 1; null likewise.';
comment on column likeness.augmentation_robustness.n is 'Copies that were asked with.';
comment on column likeness.augmentation_robustness.recall_at_1 is 'Share of them whose own original came first among all originals, 0 to 1.';
comment on column likeness.augmentation_robustness.recall_at_1_low is 'Lower end of its 95 % confidence interval, by Wilson.';
comment on column likeness.augmentation_robustness.recall_at_1_high is 'Upper end of its 95 % confidence interval, by Wilson.';
comment on column likeness.augmentation_robustness.recall_at_5 is 'Share of them whose own original was among the five nearest originals, 0 to 1.';
comment on column likeness.augmentation_robustness.recall_at_5_low is 'Lower end of its 95 % confidence interval, by Wilson.';
comment on column likeness.augmentation_robustness.recall_at_5_high is 'Upper end of its 95 % confidence interval, by Wilson.';
comment on column likeness.augmentation_robustness.median_distance is
    'Median squared L2 distance of copy and original: 0 identical, 2 orthogonal; null when none was computed.';
comment on column likeness.augmentation_robustness.measured_at is 'When the latest of them was measured.';
