-- Vectors in SQL, without an extension. A float32 is sign, 8 bits of exponent and 23 of fraction; its value, fraction
-- times a power of two, is exact in double precision. PL/pgSQL, because its variables keep a vector unpacked in memory: an
-- SQL function would fetch it from TOAST again for each byte. "offset 0" keeps the planner from computing a part twice.

create function likeness.float32_scales() returns double precision[]
language sql immutable parallel safe as $$
    select array(select power(2::double precision, greatest(exponent, 1) - 150) from generate_series(0, 254) as exponent)
        || 'Infinity'::double precision
$$;
comment on function likeness.float32_scales() is
    'What the fraction of a float32, read as an integer of 24 bits, is multiplied with; element n + 1 is for the biased exponent n.';

create function likeness.vector_to_real(vector bytea) returns real[]
language plpgsql immutable strict parallel safe cost 20000 as $$
declare
    bytes constant bytea := vector || ''::bytea;
    dimension constant integer := octet_length(bytes) / 4;
    scales constant double precision[] := likeness.float32_scales();
begin
    if octet_length(bytes) <> 4 * dimension then
        raise exception 'expected 4 bytes for each number of a vector, not % bytes in all', octet_length(bytes)
            using errcode = 'invalid_binary_representation';
    end if;
    return array(
        select case when exponent = 255 and fraction > 0 then 'NaN'::real
            else (case when b3 > 127 then -1.0::double precision else 1.0::double precision end
                * (fraction + case when exponent > 0 then 8388608 else 0 end) * scales[exponent + 1])::real end
        from (
            select b3, ((b3 & 127) << 1) | (b2 >> 7) as exponent,
                ((b2 & 127) << 16) | (get_byte(bytes, 4 * i + 1) << 8) | get_byte(bytes, 4 * i) as fraction
            from (
                select i, get_byte(bytes, 4 * i + 3) as b3, get_byte(bytes, 4 * i + 2) as b2
                from generate_series(0, dimension - 1) as i offset 0
            ) parts offset 0
        ) numbers);
end $$;
comment on function likeness.vector_to_real(bytea) is
    'The numbers of a vector. Exact. About half a millisecond for 2048 of them.';

create function likeness.real_to_vector(numbers real[]) returns bytea
language plpgsql immutable strict parallel safe cost 20000 as $$
begin
    if array_position(numbers, null) is not null then
        raise exception 'expected a number for each element of a vector, not null' using errcode = 'null_value_not_allowed';
    end if;
    return (
        select coalesce(string_agg(
            substr(bytes, 4, 1) || substr(bytes, 3, 1) || substr(bytes, 2, 1) || substr(bytes, 1, 1), ''::bytea order by i),
            ''::bytea)
        from (select i, float4send(number) as bytes from unnest(numbers) with ordinality as n (number, i) offset 0) sent);
end $$;
comment on function likeness.real_to_vector(real[]) is
    'The vector of these numbers: little-endian float32, 4 bytes each. Exact. About a millisecond for 2048 of them.';

create function likeness.squared_l2(a bytea, b bytea) returns double precision
language plpgsql immutable strict parallel safe cost 40000 as $$
declare
    x constant bytea := a || ''::bytea;
    y constant bytea := b || ''::bytea;
    dimension constant integer := octet_length(x) / 4;
    scales constant double precision[] := likeness.float32_scales();
begin
    if octet_length(x) % 4 <> 0 or octet_length(y) % 4 <> 0 then
        raise exception 'expected 4 bytes for each number of a vector, not % and % bytes in all',
            octet_length(x), octet_length(y) using errcode = 'invalid_binary_representation';
    end if;
    if octet_length(x) <> octet_length(y) then
        raise exception 'expected % dimensions, not %', dimension, octet_length(y) / 4
            using errcode = 'data_exception', hint = 'Compare vectors of one model.';
    end if;
    return (
        select coalesce(sum((p - q) * (p - q)), 0)
        from (
            select
                case when xe = 255 and xf > 0 then 'NaN'::double precision
                    else case when x3 > 127 then -1.0::double precision else 1.0::double precision end
                        * (xf + case when xe > 0 then 8388608 else 0 end) * scales[xe + 1] end as p,
                case when ye = 255 and yf > 0 then 'NaN'::double precision
                    else case when y3 > 127 then -1.0::double precision else 1.0::double precision end
                        * (yf + case when ye > 0 then 8388608 else 0 end) * scales[ye + 1] end as q
            from (
                select x3, y3, ((x3 & 127) << 1) | (x2 >> 7) as xe, ((y3 & 127) << 1) | (y2 >> 7) as ye,
                    ((x2 & 127) << 16) | (get_byte(x, 4 * i + 1) << 8) | get_byte(x, 4 * i) as xf,
                    ((y2 & 127) << 16) | (get_byte(y, 4 * i + 1) << 8) | get_byte(y, 4 * i) as yf
                from (
                    select i, get_byte(x, 4 * i + 3) as x3, get_byte(x, 4 * i + 2) as x2,
                        get_byte(y, 4 * i + 3) as y3, get_byte(y, 4 * i + 2) as y2
                    from generate_series(0, dimension - 1) as i offset 0
                ) parts offset 0
            ) numbers offset 0
        ) pairs);
end $$;
comment on function likeness.squared_l2(bytea, bytea) is
    'Squared Euclidean distance of two vectors, summed in double precision: 0 identical, 2 orthogonal when L2-normalized. About a millisecond for 2048 numbers; for many pairs ask an index.';
