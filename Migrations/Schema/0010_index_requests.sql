-- What people ask of an index that exists: the stores that keep it see it at their next step.

alter table likeness.vector_indexes add column rebuild_requested_at timestamptz;
comment on column likeness.vector_indexes.rebuild_requested_at is
    'When a new generation was last asked for: a store whose generation began earlier builds one. Null when nobody asked.';
