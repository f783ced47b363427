-- What the writer of a store does now, for `likeness status` and for people with psql.

alter table likeness.index_stores
    add column activity text,
    add column activity_since timestamptz,
    add constraint index_stores_activity_has_time check ((activity is null) = (activity_since is null));
comment on column likeness.index_stores.activity is
    'What its writer does and why, in words; null when it only follows the catalog, and after its end. One that was killed leaves it behind.';
comment on column likeness.index_stores.activity_since is 'When it began with that; null without an activity.';
