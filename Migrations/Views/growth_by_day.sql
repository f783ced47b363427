create view likeness.growth_by_day as
select
    d.day,
    d.pictures,
    d.bytes,
    (sum(d.pictures) over (order by d.day))::bigint as total_pictures,
    (sum(d.bytes) over (order by d.day))::bigint as total_bytes
from (
    select date_trunc('day', added_at, 'UTC') as day, count(*) as pictures, sum(bytes)::bigint as bytes
    from likeness.images group by 1
) d
order by d.day;

comment on view likeness.growth_by_day is
    'How many pictures entered the catalog on each day, hidden ones included; days without any have no row. Reads all pictures.';
comment on column likeness.growth_by_day.day is 'Beginning of the day, UTC.';
comment on column likeness.growth_by_day.pictures is 'Pictures that entered the catalog on it and are still there.';
comment on column likeness.growth_by_day.bytes is 'Size of their files in bytes, each picture once.';
comment on column likeness.growth_by_day.total_pictures is 'Pictures that entered until the end of the day.';
comment on column likeness.growth_by_day.total_bytes is 'Size of the files of all these in bytes.';
