create view likeness.exact_duplicates as
select
    i.id as image_id,
    encode(i.content_sha256, 'hex') as content_sha256,
    d.files,
    i.bytes,
    (d.files - 1) * i.bytes as wasted_bytes,
    array(
        select f.path_text from likeness.image_files f
        where f.image = i.id and f.vanished_at is null order by f.first_seen, f.id
    ) as paths,
    'exact_copy' as relation
from (
    select image, count(*) as files from likeness.image_files where vanished_at is null group by image having count(*) > 1
) d
join likeness.images i on i.id = d.image;

comment on view likeness.exact_duplicates is
    'Pictures that several files hold, byte for byte. Counts all files in an index.';
comment on column likeness.exact_duplicates.image_id is 'Number of the picture.';
comment on column likeness.exact_duplicates.content_sha256 is 'SHA-256 that the files share, in hexadecimal.';
comment on column likeness.exact_duplicates.files is 'Number of files.';
comment on column likeness.exact_duplicates.bytes is 'Size of one of them in bytes.';
comment on column likeness.exact_duplicates.wasted_bytes is 'Bytes that all but one of them take.';
comment on column likeness.exact_duplicates.paths is 'The files, the one that was seen first at the head.';
comment on column likeness.exact_duplicates.relation is 'exact_copy: the files are equal byte for byte.';
