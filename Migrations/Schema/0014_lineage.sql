-- Lineage that is known before its picture is, families that stay right when lineage comes and goes, and what a distance
-- means.
--
-- Whoever writes lineage holds the lock "likeness.lineage" alone; whoever adds pictures shares it, so that an announced
-- picture is seen either by who announces it or by who adds it.

comment on table likeness.augmentations is
    'Lineage: this picture was made from that one by these operations. It goes when one of the two is deleted; what was made from the child is then a family of its own.';
comment on column likeness.augmentations.recipe is
    'Operations with their parameters, in order: [{"operation": "rotate", "degrees": 4.2}, {"operation": "flip"}]; empty when it is not known how.';

create function likeness.place_descendants(images bigint[]) returns bigint language plpgsql volatile as $$
declare
    placed bigint;
begin
    with recursive places (image, root, depth) as (
        select i.id, coalesce(a.root, i.id), coalesce(a.depth, 0)
        from likeness.images i left join likeness.augmentations a on a.child = i.id where i.id = any(images)
        union
        select a.child, p.root, p.depth + 1 from places p join likeness.augmentations a on a.parent = p.image
    )
    update likeness.augmentations a set root = p.root, depth = p.depth
    from places p where a.child = p.image and (a.root, a.depth) <> (p.root, p.depth);
    get diagnostics placed = row_count;
    return placed;
end $$;
comment on function likeness.place_descendants(bigint[]) is
    'Brings root and depth of everything made from these pictures, directly or not, in line with their own, and gives the number of rows that changed.';

-- The rows of a deleted root get another one when its own copies have lost their lineage, which is after the rows that
-- refer to it were looked for.
alter table likeness.augmentations
    drop constraint augmentations_root,
    add constraint augmentations_root foreign key (root) references likeness.images (id)
        deferrable initially deferred;

create function likeness.place_orphans() returns trigger language plpgsql as $$
declare
    orphans bigint[];
begin
    select array_agg(distinct d.child) into orphans
    from deleted d join likeness.augmentations a on a.parent = d.child join likeness.images i on i.id = d.child;
    if orphans is not null then
        perform pg_advisory_xact_lock(hashtextextended('likeness.lineage', 0));
        perform likeness.place_descendants(orphans);
    end if;
    return null;
end $$;
comment on function likeness.place_orphans() is
    'Trigger: pictures whose lineage was deleted are originals now, and the roots of what was made from them.';
create trigger augmentations_deleted after delete on likeness.augmentations
    referencing old table as deleted for each statement execute function likeness.place_orphans();

create table likeness.pending_lineage (
    child_sha256 bytea not null,
    parent bigint not null,
    recipe jsonb not null,
    seed bigint,
    ordinal integer,
    announced_at timestamptz not null default now(),
    constraint pending_lineage_key primary key (child_sha256),
    constraint pending_lineage_child_sha256_is_32_bytes check (octet_length(child_sha256) = 32),
    constraint pending_lineage_parent foreign key (parent) references likeness.images (id) on delete cascade,
    constraint pending_lineage_recipe_is_array check (jsonb_typeof(recipe) = 'array'),
    constraint pending_lineage_ordinal_is_counted check (ordinal >= 0)
);
create index pending_lineage_by_parent on likeness.pending_lineage (parent);
comment on table likeness.pending_lineage is
    'Lineage of pictures that are not in the catalog yet. A row moves to augmentations in the statement that adds its picture.';
comment on column likeness.pending_lineage.child_sha256 is 'SHA-256 of the bytes of the picture that is to come.';
comment on column likeness.pending_lineage.parent is 'The picture it was made from.';
comment on column likeness.pending_lineage.recipe is 'Operations with their parameters, as in augmentations.';
comment on column likeness.pending_lineage.seed is 'Seed the parameters were drawn with; null when they were not drawn by Likeness.';
comment on column likeness.pending_lineage.ordinal is 'Which of the parent''s copies it is, counted from 0; null when unknown.';
comment on column likeness.pending_lineage.announced_at is 'When the picture was announced.';

create function likeness.record_announced_lineage() returns trigger language plpgsql as $$
begin
    perform pg_advisory_xact_lock_shared(hashtextextended('likeness.lineage', 0));
    with arrived as (
        delete from likeness.pending_lineage p using inserted i where p.child_sha256 = i.content_sha256
        returning i.id, p.parent, p.recipe, p.seed, p.ordinal
    )
    insert into likeness.augmentations (child, parent, root, depth, recipe, seed, ordinal)
    select n.id, n.parent, coalesce(a.root, n.parent), coalesce(a.depth, 0) + 1, n.recipe, n.seed, n.ordinal
    from arrived n left join likeness.augmentations a on a.child = n.parent;
    return null;
end $$;
comment on function likeness.record_announced_lineage() is
    'Trigger: a picture that was announced gets its lineage in the statement that adds it.';
create trigger images_inserted after insert on likeness.images
    referencing new table as inserted for each statement execute function likeness.record_announced_lineage();

create table likeness.distance_calibrations (
    model bigint not null,
    distances double precision[] not null,
    log_odds double precision[] not null,
    duplicate_threshold double precision,
    prior_odds double precision not null,
    families bigint not null,
    family_pairs bigint not null,
    pictures bigint not null,
    other_pairs bigint not null,
    calibrated_at timestamptz not null default now(),
    constraint distance_calibrations_key primary key (model),
    constraint distance_calibrations_model foreign key (model) references likeness.embedding_models (id) on delete cascade,
    constraint distance_calibrations_curve_is_whole check (
        cardinality(distances) > 0 and cardinality(distances) = cardinality(log_odds)),
    constraint distance_calibrations_duplicate_threshold_is_positive check (duplicate_threshold >= 0),
    constraint distance_calibrations_prior_odds_is_positive check (prior_odds > 0),
    constraint distance_calibrations_pairs_are_counted check (
        families >= 0 and family_pairs >= 0 and pictures >= 0 and other_pairs >= 0)
);
comment on table likeness.distance_calibrations is
    'What distances mean in this catalog: how probably two pictures at a distance are the same picture, measured at pairs of families and at other pairs.';
comment on column likeness.distance_calibrations.model is 'The model whose distances were measured.';
comment on column likeness.distance_calibrations.distances is
    'Points of the curve: squared L2 distances, ascending. Between two of them the logarithm of the odds is a straight line, outside it is that of the nearest point.';
comment on column likeness.distance_calibrations.log_odds is
    'For each of the distances ln(p / (1 - p)), where p is the probability that the two are the same picture; descending.';
comment on column likeness.distance_calibrations.duplicate_threshold is
    'The distance at which the probability is one half; null when it is below or above everywhere.';
comment on column likeness.distance_calibrations.prior_odds is
    'Odds that any other picture is the same, before the distance is known: by the sizes of families and of the catalog.';
comment on column likeness.distance_calibrations.families is 'Families whose pairs were measured.';
comment on column likeness.distance_calibrations.family_pairs is 'Pairs of pictures of one family that were measured.';
comment on column likeness.distance_calibrations.pictures is 'Pictures whose pairs were measured as those of different families.';
comment on column likeness.distance_calibrations.other_pairs is 'Pairs of pictures of different families that were measured.';
comment on column likeness.distance_calibrations.calibrated_at is 'When it was measured.';
revoke execute on function likeness.place_descendants(bigint[]) from public;
