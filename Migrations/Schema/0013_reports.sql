-- What reports need beyond the pictures themselves: near-duplicates that are kept up to date, what people judged of them, and
-- how searches for the originals of augmented copies went.
--
-- The search is done by whoever has an index. Here is kept whose neighbors are still to be searched, what was found, and the
-- groups that follow from it. A picture that leaves the catalog takes its pairs along, and its group is made again.

create table likeness.duplicate_thresholds (
    model bigint not null,
    threshold real not null,
    set_by text not null,
    set_at timestamptz not null default now(),
    constraint duplicate_thresholds_key primary key (model),
    constraint duplicate_thresholds_model foreign key (model) references likeness.embedding_models (id) on delete cascade,
    constraint duplicate_thresholds_threshold_is_distance check (threshold >= 0 and threshold <= 4),
    constraint duplicate_thresholds_set_by_is_known check (set_by in ('default', 'calibration', 'person'))
);
comment on table likeness.duplicate_thresholds is
    'Up to which distance two pictures are near-duplicates, by model. Its row is locked by whoever writes pairs of the model.';
comment on column likeness.duplicate_thresholds.model is 'The model whose embeddings are compared.';
comment on column likeness.duplicate_thresholds.threshold is 'Squared L2 distance, the threshold itself included: 0 identical, 2 orthogonal.';
comment on column likeness.duplicate_thresholds.set_by is 'default; calibration: computed from the catalog; person: somebody chose it.';
comment on column likeness.duplicate_thresholds.set_at is 'When it was set.';

create function likeness.default_duplicate_threshold() returns real language sql immutable parallel safe as $$
    select 0.05::real
$$;
comment on function likeness.default_duplicate_threshold() is
    'The threshold of a model that has none of its own: squared L2 distance.';

create table likeness.duplicate_judgments (
    first_image bigint not null,
    second_image bigint not null,
    verdict text not null,
    judged_by text not null,
    judged_at timestamptz not null default now(),
    constraint duplicate_judgments_key primary key (first_image, second_image),
    constraint duplicate_judgments_first_image foreign key (first_image) references likeness.images (id) on delete cascade,
    constraint duplicate_judgments_second_image foreign key (second_image) references likeness.images (id) on delete cascade,
    constraint duplicate_judgments_is_ordered check (first_image < second_image),
    constraint duplicate_judgments_verdict_is_known check (verdict in ('same', 'different'))
);
create index duplicate_judgments_by_second_image on likeness.duplicate_judgments (second_image);
comment on table likeness.duplicate_judgments is
    'Pairs that a person looked at. What is judged stays judged, whatever a model or a threshold says.';
comment on column likeness.duplicate_judgments.first_image is 'The picture with the smaller number.';
comment on column likeness.duplicate_judgments.second_image is 'The picture with the larger number.';
comment on column likeness.duplicate_judgments.verdict is
    'same: near-duplicates whatever their distance; different: no near-duplicates whatever their distance.';
comment on column likeness.duplicate_judgments.judged_by is 'Who judged last: a name of the system or of the database.';
comment on column likeness.duplicate_judgments.judged_at is 'When it was judged last.';

-- Filled by a trigger in the transaction that writes the embedding; no foreign keys, which would lock a row for each.
create table likeness.neighbor_searches (
    model bigint not null,
    image bigint not null,
    constraint neighbor_searches_key primary key (model, image)
);
alter table likeness.neighbor_searches set (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 1000);
comment on table likeness.neighbor_searches is
    'Embeddings whose near-duplicates are still to be searched: new ones, changed ones, and those that lost their nearest neighbor.';
comment on column likeness.neighbor_searches.model is 'Model of the embedding.';
comment on column likeness.neighbor_searches.image is 'Picture of the embedding.';

create table likeness.nearest_neighbors (
    model bigint not null,
    image bigint not null,
    nearest bigint not null,
    distance real not null,
    searched_at timestamptz not null default now(),
    constraint nearest_neighbors_key primary key (model, image),
    constraint nearest_neighbors_model foreign key (model) references likeness.embedding_models (id) on delete cascade,
    constraint nearest_neighbors_image foreign key (image) references likeness.images (id) on delete cascade,
    constraint nearest_neighbors_nearest foreign key (nearest) references likeness.images (id) on delete cascade,
    constraint nearest_neighbors_is_another check (image <> nearest),
    constraint nearest_neighbors_distance_is_positive check (distance >= 0)
);
create index nearest_neighbors_by_image on likeness.nearest_neighbors (image);
create index nearest_neighbors_by_nearest on likeness.nearest_neighbors (nearest);
create index nearest_neighbors_by_distance on likeness.nearest_neighbors (distance);
comment on table likeness.nearest_neighbors is
    'The nearest other picture of each, as far as searches have found it: what outliers are known by.';
comment on column likeness.nearest_neighbors.model is 'The model whose embeddings were compared.';
comment on column likeness.nearest_neighbors.image is 'The picture.';
comment on column likeness.nearest_neighbors.nearest is 'The nearest picture but itself.';
comment on column likeness.nearest_neighbors.distance is 'Squared L2 distance of the two: 0 identical, 2 orthogonal.';
comment on column likeness.nearest_neighbors.searched_at is
    'When it was searched, or when the search of a picture that came later found itself to be nearer.';

create table likeness.duplicate_members (
    model bigint not null,
    image bigint not null,
    group_number bigint not null,
    constraint duplicate_members_key primary key (model, image),
    constraint duplicate_members_model foreign key (model) references likeness.embedding_models (id) on delete cascade,
    constraint duplicate_members_image foreign key (image) references likeness.images (id) on delete cascade
);
create index duplicate_members_by_image on likeness.duplicate_members (image);
create index duplicate_members_by_group on likeness.duplicate_members (model, group_number, image);
comment on table likeness.duplicate_members is
    'Groups of near-duplicates: pictures that a chain of pairs joins, each pair within the threshold or judged to be the same.';
comment on column likeness.duplicate_members.model is 'The model whose embeddings were compared.';
comment on column likeness.duplicate_members.image is 'The picture.';
comment on column likeness.duplicate_members.group_number is
    'The group: the smallest number of a picture that was in it when it was made.';

create table likeness.stale_duplicate_groups (
    model bigint not null,
    group_number bigint not null,
    constraint stale_duplicate_groups_key primary key (model, group_number),
    constraint stale_duplicate_groups_model foreign key (model) references likeness.embedding_models (id) on delete cascade
);
comment on table likeness.stale_duplicate_groups is
    'Groups that lost a pair and may have fallen apart: they are made again before the next pairs are written.';
comment on column likeness.stale_duplicate_groups.model is 'The model whose embeddings were compared.';
comment on column likeness.stale_duplicate_groups.group_number is 'The group.';

create function likeness.queue_neighbor_searches() returns trigger language plpgsql as $$
begin
    insert into likeness.neighbor_searches (model, image)
    select model, image from written order by model, image on conflict do nothing;
    return null;
end $$;
comment on function likeness.queue_neighbor_searches() is
    'Trigger: has the near-duplicates of new and changed embeddings searched.';

create function likeness.forget_neighbors() returns trigger language plpgsql as $$
begin
    delete from likeness.neighbor_searches s using gone g where s.model = g.model and s.image = g.image;
    delete from likeness.near_duplicate_edges e using gone g where e.first_image = g.image and e.model = g.model;
    delete from likeness.near_duplicate_edges e using gone g where e.second_image = g.image and e.model = g.model;
    delete from likeness.nearest_neighbors n using gone g where n.image = g.image and n.model = g.model;
    delete from likeness.nearest_neighbors n using gone g where n.nearest = g.image and n.model = g.model;
    return null;
end $$;
comment on function likeness.forget_neighbors() is
    'Trigger: what was found with an embedding goes with it; those that it was the nearest of are searched again.';

create function likeness.forget_all_neighbors() returns trigger language plpgsql as $$
begin
    delete from likeness.neighbor_searches;
    delete from likeness.near_duplicate_edges;
    delete from likeness.nearest_neighbors;
    return null;
end $$;
comment on function likeness.forget_all_neighbors() is
    'Trigger: when all embeddings are truncated, everything that was found with them goes.';

create function likeness.queue_lost_neighbors() returns trigger language plpgsql as $$
begin
    insert into likeness.neighbor_searches (model, image)
    select g.model, g.image from gone g
    where exists (select from likeness.embeddings e where e.image = g.image and e.model = g.model)
    order by g.model, g.image on conflict do nothing;
    return null;
end $$;
comment on function likeness.queue_lost_neighbors() is
    'Trigger: a picture that lost its nearest neighbor is searched again.';

create function likeness.mark_stale_groups() returns trigger language plpgsql as $$
begin
    insert into likeness.stale_duplicate_groups (model, group_number)
    select m.model, m.group_number from gone g join likeness.duplicate_members m on m.image = g.first_image and m.model = g.model
    union
    select m.model, m.group_number from gone g join likeness.duplicate_members m on m.image = g.second_image and m.model = g.model
    order by 1, 2 on conflict do nothing;
    return null;
end $$;
comment on function likeness.mark_stale_groups() is 'Trigger: a group that lost a pair is made again.';

create function likeness.mark_stale_groups_of_judged() returns trigger language plpgsql as $$
begin
    insert into likeness.stale_duplicate_groups (model, group_number)
    select m.model, m.group_number from gone g join likeness.duplicate_members m on m.image in (g.first_image, g.second_image)
    order by 1, 2 on conflict do nothing;
    return null;
end $$;
comment on function likeness.mark_stale_groups_of_judged() is
    'Trigger: a group is made again when a judgment of two of its pictures goes.';

create trigger embeddings_to_search_inserted after insert on likeness.embeddings
    referencing new table as written for each statement execute function likeness.queue_neighbor_searches();
-- By their names the triggers on an update fire in this order: forget, then queue.
create trigger embeddings_neighbors_updated after update on likeness.embeddings
    referencing old table as gone for each statement execute function likeness.forget_neighbors();
create trigger embeddings_to_search_updated after update on likeness.embeddings
    referencing new table as written for each statement execute function likeness.queue_neighbor_searches();
create trigger embeddings_neighbors_deleted after delete on likeness.embeddings
    referencing old table as gone for each statement execute function likeness.forget_neighbors();
create trigger embeddings_neighbors_truncated after truncate on likeness.embeddings
    for each statement execute function likeness.forget_all_neighbors();
create trigger nearest_neighbors_deleted after delete on likeness.nearest_neighbors
    referencing old table as gone for each statement execute function likeness.queue_lost_neighbors();
create trigger near_duplicate_edges_deleted after delete on likeness.near_duplicate_edges
    referencing old table as gone for each statement execute function likeness.mark_stale_groups();
create trigger duplicate_judgments_deleted after delete on likeness.duplicate_judgments
    referencing old table as gone for each statement execute function likeness.mark_stale_groups_of_judged();

-- What is in the catalog already is searched too.
insert into likeness.neighbor_searches (model, image) select model, image from likeness.embeddings;

create table likeness.augmentation_outcomes (
    model bigint not null,
    index_type text not null,
    image bigint not null,
    operation text not null,
    strength double precision,
    rank integer,
    distance real,
    measured_at timestamptz not null default now(),
    constraint augmentation_outcomes_key primary key (model, index_type, image, operation),
    constraint augmentation_outcomes_model foreign key (model) references likeness.embedding_models (id) on delete cascade,
    constraint augmentation_outcomes_image foreign key (image) references likeness.images (id) on delete cascade,
    constraint augmentation_outcomes_index_type_is_known check (index_type in ('flat', 'hnsw', 'ivfflat', 'ivfpq')),
    constraint augmentation_outcomes_operation_is_named check (operation <> ''),
    constraint augmentation_outcomes_strength_is_share check (strength between 0 and 1),
    constraint augmentation_outcomes_rank_is_positive check (rank > 0),
    constraint augmentation_outcomes_distance_is_positive check (distance >= 0)
);
create index augmentation_outcomes_by_image on likeness.augmentation_outcomes (image);
comment on table likeness.augmentation_outcomes is
    'Whether a search with an augmented copy found the original, a row for each operation that made the copy; the last measurement counts.';
comment on column likeness.augmentation_outcomes.model is 'The model whose embeddings were searched.';
comment on column likeness.augmentation_outcomes.index_type is 'The type of index that was asked: flat, hnsw, ivfflat or ivfpq.';
comment on column likeness.augmentation_outcomes.image is 'The copy that was asked with.';
comment on column likeness.augmentation_outcomes.operation is
    'One operation of its recipe; the word all stands for the recipe as a whole.';
comment on column likeness.augmentation_outcomes.strength is
    'How strong the operation was: 0 changes nothing, 1 is the strongest of its range; null where it has no strength.';
comment on column likeness.augmentation_outcomes.rank is
    'Place of the original among the results without the copy itself, from 1; null when it was not among them.';
comment on column likeness.augmentation_outcomes.distance is
    'Squared L2 distance of copy and original: 0 identical, 2 orthogonal; null when it was not computed.';
comment on column likeness.augmentation_outcomes.measured_at is 'When it was measured.';

-- Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference" (1927); z = 1.96 for 95 %.
create function likeness.wilson_low(hits bigint, n bigint) returns double precision
language sql immutable strict parallel safe as $$
    select case when n > 0 then greatest(0, ((hits::double precision / n) + 1.9208 / n
        - 1.96 * sqrt((hits::double precision / n) * (1 - hits::double precision / n) / n + 0.9604 / n / n))
        / (1 + 3.8416 / n)) end
$$;
comment on function likeness.wilson_low(bigint, bigint) is
    'Lower end of the 95 % confidence interval of a share, hits of n, by Wilson; null for n = 0.';
create function likeness.wilson_high(hits bigint, n bigint) returns double precision
language sql immutable strict parallel safe as $$
    select case when n > 0 then least(1, ((hits::double precision / n) + 1.9208 / n
        + 1.96 * sqrt((hits::double precision / n) * (1 - hits::double precision / n) / n + 0.9604 / n / n))
        / (1 + 3.8416 / n)) end
$$;
comment on function likeness.wilson_high(bigint, bigint) is
    'Upper end of the 95 % confidence interval of a share, hits of n, by Wilson; null for n = 0.';

create function likeness.folder_of(path_text text) returns text
language sql immutable strict parallel safe as $$
    select substr(path_text, 1, greatest(length(path_text) - strpos(reverse(path_text), '/'), 1))
$$;
comment on function likeness.folder_of(text) is 'The folder of a path as people read it, without a slash at its end.';

-- Copies are counted in an index alone, without looking at the rows.
create index image_files_present_by_image on likeness.image_files (image) where vanished_at is null;
drop index likeness.images_by_pixels;
create index images_by_pixels on likeness.images (pixel_sha256, state) where pixel_sha256 is not null;

-- Conditions that people write run with the rights of the reader, not with those of the one who runs them. "set role" alone
-- would not do: what a condition calls could set it back, by set_config or by one of the functions that execute a text. In a
-- function with the rights of its owner PostgreSQL refuses that. It has fewer rights than its caller, so that the caller's
-- search path can do no harm.
create function likeness.read_as_reader(query text) returns setof record
language plpgsql volatile security definer as $$
begin
    if current_user <> 'likeness_reader' then
        raise exception 'read_as_reader belongs to %, not to likeness_reader', current_user
            using errcode = 'insufficient_privilege', hint = 'Give it away: likeness migrate';
    end if;
    return query execute query;
end $$;
comment on function likeness.read_as_reader(text) is
    'The rows of one query, executed with the rights of likeness_reader. Give the columns: … as result (image_id bigint).';

create or replace function likeness.grant_views_to_reader() returns void language plpgsql volatile as $$
declare
    view_name text;
begin
    if not exists (select from pg_roles where rolname = 'likeness_reader') then
        raise notice 'role likeness_reader does not exist: nobody was granted the views';
        return;
    end if;
    grant usage on schema likeness to likeness_reader;
    for view_name in select relname from pg_class where relnamespace = 'likeness'::regnamespace and relkind = 'v' loop
        execute format('grant select on likeness.%I to likeness_reader', view_name);
    end loop;
    if exists (
        select from pg_proc p join pg_roles r on r.oid = p.proowner
        where p.oid = 'likeness.read_as_reader(text)'::regprocedure and r.rolname = 'likeness_reader'
    ) then
        return;
    end if;
    begin
        if not pg_has_role(current_user, 'likeness_reader', 'member') then
            execute format('grant likeness_reader to %I', current_user);
        end if;
        grant create on schema likeness to likeness_reader;
        alter function likeness.read_as_reader(text) owner to likeness_reader;
        revoke create on schema likeness from likeness_reader;
        grant execute on function likeness.read_as_reader(text) to current_user;
    exception when insufficient_privilege then
        raise notice 'user % may not act for likeness_reader: conditions run with the rights of their user', current_user;
    end;
end $$;
comment on function likeness.grant_views_to_reader() is
    'Lets the role likeness_reader read all views and run read_as_reader; called whenever views were created. Call it by hand after creating the role.';
revoke execute on function likeness.read_as_reader(text), likeness.grant_views_to_reader() from public;
