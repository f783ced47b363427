-- Who may read the views, and what keeps the feed short.

create function likeness.prune_embedding_changes(unseen interval default '30 days') returns bigint
language plpgsql volatile as $$
declare
    model_id bigint;
    passed xid8;
    pruned bigint := 0;
    removed bigint;
begin
    -- Changes of transactions that this server has yet to begin came with a dump of another one; every store of that one
    -- rebuilds anyway.
    delete from likeness.embedding_changes
    where transaction >= pg_snapshot_xmax(pg_current_snapshot()) and transaction <> pg_current_xact_id();
    get diagnostics pruned = row_count;
    for model_id in select id from likeness.embedding_models order by id for no key update loop
        select min(pg_snapshot_xmin(position)) into passed
        from likeness.index_stores where model = model_id and last_seen > now() - unseen;
        passed := least(coalesce(passed, pg_snapshot_xmin(pg_current_snapshot())), pg_snapshot_xmin(pg_current_snapshot()));
        delete from likeness.embedding_changes where model = model_id and transaction < passed;
        get diagnostics removed = row_count;
        if removed > 0 then
            update likeness.embedding_models set changes_pruned_below = greatest(changes_pruned_below, passed)
            where id = model_id;
        end if;
        pruned := pruned + removed;
    end loop;
    return pruned;
end $$;
comment on function likeness.prune_embedding_changes(interval) is
    'Deletes changes that every store has passed and gives their number. A store unseen for this long is not waited for: it rebuilds when it returns.';

-- Roles belong to the whole server: two databases may be migrated at once, and not every user may make one.
do $$
begin
    if not exists (select from pg_roles where rolname = 'likeness_reader') then
        create role likeness_reader nologin;
    end if;
exception
    when duplicate_object or unique_violation then null;
    when insufficient_privilege then
        raise notice 'role likeness_reader was not created: user % may not create roles', current_user;
end $$;

create function likeness.grant_views_to_reader() returns void language plpgsql volatile as $$
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
end $$;
comment on function likeness.grant_views_to_reader() is
    'Lets the role likeness_reader read all views; called whenever views were created. Call it by hand after creating the role.';
revoke execute on function likeness.prune_embedding_changes(interval), likeness.grant_views_to_reader() from public;
