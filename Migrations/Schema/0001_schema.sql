-- Everything of Likeness lives in one schema, so that it can share a database with others and be dumped or dropped alone.

create schema likeness;
comment on schema likeness is
    'The image catalog of Likeness: pictures, their lineage and their embeddings. Read the views; the tables belong to the program.';

create table likeness.schema_migrations (
    version integer not null,
    name text not null,
    sha256 bytea not null,
    applied_at timestamptz not null default now(),
    constraint schema_migrations_key primary key (version),
    constraint schema_migrations_version_is_positive check (version > 0),
    constraint schema_migrations_sha256_is_32_bytes check (octet_length(sha256) = 32)
);
comment on table likeness.schema_migrations is
    'The migrations that made this schema. A file that was edited after it was applied is refused by its checksum.';
comment on column likeness.schema_migrations.version is 'Number of the migration: 1, 2, 3 and so on without a gap.';
comment on column likeness.schema_migrations.name is 'Name of its file without the extension, number included: 0004_feed.';
comment on column likeness.schema_migrations.sha256 is 'SHA-256 of the file as it was applied.';
comment on column likeness.schema_migrations.applied_at is 'When it was applied.';

create table likeness.schema_views (
    name text not null,
    sha256 bytea not null,
    applied_at timestamptz not null default now(),
    constraint schema_views_key primary key (name),
    constraint schema_views_sha256_is_32_bytes check (octet_length(sha256) = 32)
);
comment on table likeness.schema_views is
    'The views as they were last created. They hold no data, so a changed file replaces its view instead of being refused.';
comment on column likeness.schema_views.name is 'Name of the view, without the schema.';
comment on column likeness.schema_views.sha256 is 'SHA-256 of the file that created it.';
comment on column likeness.schema_views.applied_at is 'When it was last created.';
