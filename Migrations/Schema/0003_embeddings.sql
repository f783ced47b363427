-- Every embedding names its model; its length is that of the model's vectors, held by a composite key.

create table likeness.embedding_models (
    id bigint generated always as identity,
    name text not null,
    architecture text not null,
    weights_sha256 bytea,
    dimension integer not null,
    preprocessing text not null,
    "precision" text not null,
    added_at timestamptz not null default now(),
    constraint embedding_models_key primary key (id),
    constraint embedding_models_name_is_unique unique (name),
    constraint embedding_models_identity_is_unique
        unique nulls not distinct (architecture, weights_sha256, dimension, preprocessing, "precision"),
    constraint embedding_models_dimension_is_referenced unique (id, dimension),
    constraint embedding_models_name_is_given check (name <> ''),
    constraint embedding_models_architecture_is_given check (architecture <> ''),
    constraint embedding_models_weights_sha256_is_32_bytes check (octet_length(weights_sha256) = 32),
    constraint embedding_models_dimension_is_positive check (dimension between 1 and 65536)
);
comment on table likeness.embedding_models is
    'Models that embeddings were made with. Vectors of two models are never compared.';
comment on column likeness.embedding_models.id is 'Number of the model.';
comment on column likeness.embedding_models.name is 'What people call it: resnet50-fp32.';
comment on column likeness.embedding_models.architecture is 'What computes the vectors: resnet50, structure-2048.';
comment on column likeness.embedding_models.weights_sha256 is 'SHA-256 of the weights file; null for a descriptor without weights.';
comment on column likeness.embedding_models.dimension is 'Numbers in a vector.';
comment on column likeness.embedding_models.preprocessing is 'What is done to a picture before it enters the model.';
comment on column likeness.embedding_models."precision" is 'Number format that the model computes in: fp32, bf16.';
comment on column likeness.embedding_models.added_at is 'When the model was added.';

create table likeness.embeddings (
    image bigint not null,
    model bigint not null,
    dimension integer not null,
    vector bytea not null,
    embedded_at timestamptz not null default now(),
    constraint embeddings_key primary key (image, model),
    constraint embeddings_image foreign key (image) references likeness.images (id) on delete cascade,
    constraint embeddings_model foreign key (model, dimension) references likeness.embedding_models (id, dimension),
    constraint embeddings_vector_has_dimension check (octet_length(vector) = 4 * dimension)
);
-- Floats do not compress; trying costs time, and a stored compressed one would have to be unpacked at each read.
alter table likeness.embeddings alter column vector set storage external;
create index embeddings_by_model on likeness.embeddings (model, image);
comment on table likeness.embeddings is 'One vector for a picture and a model: the truth that every index is derived from.';
comment on column likeness.embeddings.image is 'The picture.';
comment on column likeness.embeddings.model is 'The model that made the vector.';
comment on column likeness.embeddings.dimension is 'Numbers in the vector: the dimension of the model.';
comment on column likeness.embeddings.vector is
    'The vector, L2-normalized: little-endian IEEE float32 without padding, 4 bytes a number. likeness.vector_to_real reads it.';
comment on column likeness.embeddings.embedded_at is 'When it was computed.';
