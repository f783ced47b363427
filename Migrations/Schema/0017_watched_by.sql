-- Which daemon watches which root: two daemons of one machine may watch different ones.

alter table likeness.ingest_activity add column roots bigint[] not null default '{}';
comment on column likeness.ingest_activity.roots is
    'The roots that it watches, by their ids in watched_roots, those that are not there now among them.';
