-- The feed: what index stores follow. One statement writes its changes at once, whatever number of rows it touched.
--
-- A reader applies every change that it sees and remembers as its position the snapshot in which it saw them. The next time
-- it asks for changes of transactions that the remembered snapshot did not see: those that were running then and those that
-- began since. Nothing is skipped, late commits included, and nothing is read twice, however long a transaction runs.

create table likeness.embedding_changes (
    sequence bigint generated always as identity,
    transaction xid8 not null default pg_current_xact_id(),
    model bigint not null,
    image bigint not null,
    operation text not null,
    changed_at timestamptz not null default clock_timestamp(),
    constraint embedding_changes_key primary key (sequence),
    constraint embedding_changes_operation_is_known check (operation in ('insert', 'update', 'delete'))
);
create index embedding_changes_by_transaction on likeness.embedding_changes (model, transaction, sequence);
comment on table likeness.embedding_changes is
    'The feed: which embedding changed in which transaction. It only names the embedding: what counts is its present state. Pruned when every store has passed.';
comment on column likeness.embedding_changes.sequence is 'Order in which changes were written; commits may come in another.';
comment on column likeness.embedding_changes.transaction is 'The transaction that made the change.';
comment on column likeness.embedding_changes.model is 'Model of the embedding.';
comment on column likeness.embedding_changes.image is 'Picture of the embedding; it may be gone.';
comment on column likeness.embedding_changes.operation is 'insert, update or delete: for people and statistics; a reader looks at the embedding.';
comment on column likeness.embedding_changes.changed_at is 'When it was written: the age of the oldest change not yet applied is the lag.';

alter table likeness.embedding_models add column changes_pruned_below xid8 not null default '0';
comment on column likeness.embedding_models.changes_pruned_below is
    'Changes of transactions before this one were pruned: a store whose horizon is older must rebuild.';

create function likeness.record_inserted_embeddings() returns trigger language plpgsql as $$
begin
    insert into likeness.embedding_changes (model, image, operation)
    select model, image, 'insert' from inserted;
    perform pg_notify('likeness_embeddings', model::text) from (select distinct model from inserted) models;
    return null;
end $$;
comment on function likeness.record_inserted_embeddings() is 'Trigger: writes the feed for inserted embeddings.';

create function likeness.record_updated_embeddings() returns trigger language plpgsql as $$
begin
    -- An update may give a vector to another picture or model: for the key it had, that is a delete.
    insert into likeness.embedding_changes (model, image, operation)
    select model, image, 'update' from updated
    union all
    (select model, image, 'delete' from replaced except all select model, image, 'delete' from updated);
    perform pg_notify('likeness_embeddings', model::text)
    from (select model from updated union select model from replaced) models;
    return null;
end $$;
comment on function likeness.record_updated_embeddings() is
    'Trigger: writes the feed for updated embeddings; a key that an update took away counts as deleted.';

create function likeness.record_deleted_embeddings() returns trigger language plpgsql as $$
begin
    insert into likeness.embedding_changes (model, image, operation)
    select model, image, 'delete' from deleted;
    perform pg_notify('likeness_embeddings', model::text) from (select distinct model from deleted) models;
    return null;
end $$;
comment on function likeness.record_deleted_embeddings() is
    'Trigger: writes the feed for deleted embeddings, those that go with their picture included.';

create function likeness.record_truncated_embeddings() returns trigger language plpgsql as $$
begin
    insert into likeness.embedding_changes (model, image, operation)
    select model, image, 'delete' from likeness.embeddings;
    perform pg_notify('likeness_embeddings', id::text) from likeness.embedding_models;
    return null;
end $$;
comment on function likeness.record_truncated_embeddings() is
    'Trigger: writes the feed before all embeddings are truncated; one row for each of them.';

create function likeness.record_hidden_images() returns trigger language plpgsql as $$
begin
    insert into likeness.embedding_changes (model, image, operation)
    select e.model, e.image, 'update'
    from updated u join replaced r on r.id = u.id join likeness.embeddings e on e.image = u.id
    where u.state <> r.state;
    if found then
        perform pg_notify('likeness_embeddings', id::text) from likeness.embedding_models;
    end if;
    return null;
end $$;
comment on function likeness.record_hidden_images() is
    'Trigger: writes the feed for pictures that were hidden or shown again, because an index holds active ones only.';

create trigger embeddings_inserted after insert on likeness.embeddings
    referencing new table as inserted for each statement execute function likeness.record_inserted_embeddings();
create trigger embeddings_updated after update on likeness.embeddings
    referencing old table as replaced new table as updated for each statement
    execute function likeness.record_updated_embeddings();
create trigger embeddings_deleted after delete on likeness.embeddings
    referencing old table as deleted for each statement execute function likeness.record_deleted_embeddings();
create trigger embeddings_truncated before truncate on likeness.embeddings
    for each statement execute function likeness.record_truncated_embeddings();
create trigger images_updated after update on likeness.images
    referencing old table as replaced new table as updated for each statement
    execute function likeness.record_hidden_images();
