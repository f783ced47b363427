create view likeness.same_pixels as
select
    encode(d.pixel_sha256, 'hex') as pixel_sha256,
    d.pictures,
    array(
        select i.id from likeness.images i
        where i.pixel_sha256 = d.pixel_sha256 and i.state = 'active' order by i.id
    ) as image_ids,
    array(
        select (
            select f.path_text from likeness.image_files f
            where f.image = i.id and f.vanished_at is null order by f.last_seen desc, f.id desc limit 1
        )
        from likeness.images i where i.pixel_sha256 = d.pixel_sha256 and i.state = 'active' order by i.id
    ) as paths,
    'same_pixels' as relation
from (
    select pixel_sha256, count(*) as pictures from likeness.images
    where pixel_sha256 is not null and state = 'active' group by pixel_sha256 having count(*) > 1
) d;

comment on view likeness.same_pixels is
    'Pictures that are the same pixel for pixel in files of different bytes: saved again without their metadata. Counts all pictures in an index.';
comment on column likeness.same_pixels.pixel_sha256 is 'SHA-256 of the decoded, upright pixels, in hexadecimal.';
comment on column likeness.same_pixels.pictures is 'Number of pictures that share them.';
comment on column likeness.same_pixels.image_ids is 'Their numbers, ascending.';
comment on column likeness.same_pixels.paths is 'A file of each, in the same order; null where all have vanished.';
comment on column likeness.same_pixels.relation is 'same_pixels: equal when decoded, not byte for byte.';
