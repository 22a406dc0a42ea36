-- The forms that the API shows things in, for history rows that PostgreSQL
-- writes and the service passes on as bytes.

-- Spelled out digit by digit and not as a loop: three times as fast.
CREATE FUNCTION turngate_id(prefix text, id uuid) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    digits     CONSTANT text    := '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
    hex        CONSTANT text    := translate(id::text, '-', '');
    head       CONSTANT integer := ('x' || left(hex, 2))::bit(8)::integer;
    upper_bits CONSTANT bigint  := ('x' || substr(hex, 3, 15))::bit(60)::bigint;
    lower_bits CONSTANT bigint  := ('x' || substr(hex, 18, 15))::bit(60)::bigint;
BEGIN
    RETURN prefix || '_'
        || substr(digits, (head >> 5) + 1, 1) || substr(digits, (head & 31) + 1, 1)
        || substr(digits, (upper_bits >> 55 & 31)::integer + 1, 1) || substr(digits, (upper_bits >> 50 & 31)::integer + 1, 1)
        || substr(digits, (upper_bits >> 45 & 31)::integer + 1, 1) || substr(digits, (upper_bits >> 40 & 31)::integer + 1, 1)
        || substr(digits, (upper_bits >> 35 & 31)::integer + 1, 1) || substr(digits, (upper_bits >> 30 & 31)::integer + 1, 1)
        || substr(digits, (upper_bits >> 25 & 31)::integer + 1, 1) || substr(digits, (upper_bits >> 20 & 31)::integer + 1, 1)
        || substr(digits, (upper_bits >> 15 & 31)::integer + 1, 1) || substr(digits, (upper_bits >> 10 & 31)::integer + 1, 1)
        || substr(digits, (upper_bits >> 5 & 31)::integer + 1, 1) || substr(digits, (upper_bits & 31)::integer + 1, 1)
        || substr(digits, (lower_bits >> 55 & 31)::integer + 1, 1) || substr(digits, (lower_bits >> 50 & 31)::integer + 1, 1)
        || substr(digits, (lower_bits >> 45 & 31)::integer + 1, 1) || substr(digits, (lower_bits >> 40 & 31)::integer + 1, 1)
        || substr(digits, (lower_bits >> 35 & 31)::integer + 1, 1) || substr(digits, (lower_bits >> 30 & 31)::integer + 1, 1)
        || substr(digits, (lower_bits >> 25 & 31)::integer + 1, 1) || substr(digits, (lower_bits >> 20 & 31)::integer + 1, 1)
        || substr(digits, (lower_bits >> 15 & 31)::integer + 1, 1) || substr(digits, (lower_bits >> 10 & 31)::integer + 1, 1)
        || substr(digits, (lower_bits >> 5 & 31)::integer + 1, 1) || substr(digits, (lower_bits & 31)::integer + 1, 1);
END
$$;

COMMENT ON FUNCTION turngate_id(text, uuid) IS
    'An id as the API shows it: the prefix, an underscore, and 26 characters of Crockford base32 over the 128 bits.';

CREATE FUNCTION turngate_time(at timestamptz) RETURNS text LANGUAGE sql STABLE STRICT PARALLEL SAFE AS $$
    SELECT to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
$$;

COMMENT ON FUNCTION turngate_time(timestamptz) IS 'RFC 3339 in UTC with microseconds.';

CREATE FUNCTION turngate_ms(earlier timestamptz, later timestamptz) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN later IS NOT NULL
        THEN trim_scale(extract(epoch FROM greatest(later - earlier, interval '0')) * 1000)
    END
$$;

COMMENT ON FUNCTION turngate_ms(timestamptz, timestamptz) IS
    'Milliseconds between two moments, with at most three decimals; 0 where the clock ran backwards, NULL where the later one is not known.';

-- A field that a spreadsheet would take for a formula gets an apostrophe in
-- front: participants choose their own identities, and exports are opened by
-- people. NDJSON has every text as it is.
CREATE FUNCTION turngate_csv(field text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN field IS NULL THEN ''
        WHEN field ~ '^[-=+@\t\r\n\uFF0B\uFF0D\uFF1D\uFF20]' THEN '"''' || replace(field, '"', '""') || '"'
        ELSE '"' || replace(field, '"', '""') || '"'
    END
$$;

COMMENT ON FUNCTION turngate_csv(text) IS
    'A text as a quoted CSV field (RFC 4180), NULL as an empty one, and nothing that a spreadsheet would run.';
