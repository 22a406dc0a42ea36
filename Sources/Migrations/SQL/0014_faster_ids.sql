-- The same texts as before (0006), in less than half the time: bytes are read
-- and written where they stand, while a text's characters have to be counted.
-- Still plpgsql: inlined, so long an expression would be planned anew with
-- every statement around it.
CREATE OR REPLACE FUNCTION turngate_id(prefix text, id uuid) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    digits CONSTANT bytea := '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
    bytes  CONSTANT bytea := uuid_send(id);
BEGIN
    RETURN prefix || '_' || encode(
        set_byte(set_byte(set_byte(set_byte(set_byte(set_byte(set_byte(set_byte(set_byte(set_byte(set_byte(set_byte(set_byte(
        set_byte(set_byte(set_byte(set_byte(set_byte(set_byte(set_byte(set_byte(set_byte(set_byte(set_byte(set_byte(set_byte(
            '--------------------------',
            0, get_byte(digits, get_byte(bytes, 0) >> 5)),
            1, get_byte(digits, get_byte(bytes, 0) & 31)),
            2, get_byte(digits, get_byte(bytes, 1) >> 3 & 31)),
            3, get_byte(digits, (get_byte(bytes, 1) << 2 | (get_byte(bytes, 2) >> 6)) & 31)),
            4, get_byte(digits, get_byte(bytes, 2) >> 1 & 31)),
            5, get_byte(digits, (get_byte(bytes, 2) << 4 | (get_byte(bytes, 3) >> 4)) & 31)),
            6, get_byte(digits, (get_byte(bytes, 3) << 1 | (get_byte(bytes, 4) >> 7)) & 31)),
            7, get_byte(digits, get_byte(bytes, 4) >> 2 & 31)),
            8, get_byte(digits, (get_byte(bytes, 4) << 3 | (get_byte(bytes, 5) >> 5)) & 31)),
            9, get_byte(digits, get_byte(bytes, 5) & 31)),
            10, get_byte(digits, get_byte(bytes, 6) >> 3 & 31)),
            11, get_byte(digits, (get_byte(bytes, 6) << 2 | (get_byte(bytes, 7) >> 6)) & 31)),
            12, get_byte(digits, get_byte(bytes, 7) >> 1 & 31)),
            13, get_byte(digits, (get_byte(bytes, 7) << 4 | (get_byte(bytes, 8) >> 4)) & 31)),
            14, get_byte(digits, (get_byte(bytes, 8) << 1 | (get_byte(bytes, 9) >> 7)) & 31)),
            15, get_byte(digits, get_byte(bytes, 9) >> 2 & 31)),
            16, get_byte(digits, (get_byte(bytes, 9) << 3 | (get_byte(bytes, 10) >> 5)) & 31)),
            17, get_byte(digits, get_byte(bytes, 10) & 31)),
            18, get_byte(digits, get_byte(bytes, 11) >> 3 & 31)),
            19, get_byte(digits, (get_byte(bytes, 11) << 2 | (get_byte(bytes, 12) >> 6)) & 31)),
            20, get_byte(digits, get_byte(bytes, 12) >> 1 & 31)),
            21, get_byte(digits, (get_byte(bytes, 12) << 4 | (get_byte(bytes, 13) >> 4)) & 31)),
            22, get_byte(digits, (get_byte(bytes, 13) << 1 | (get_byte(bytes, 14) >> 7)) & 31)),
            23, get_byte(digits, get_byte(bytes, 14) >> 2 & 31)),
            24, get_byte(digits, (get_byte(bytes, 14) << 3 | (get_byte(bytes, 15) >> 5)) & 31)),
            25, get_byte(digits, get_byte(bytes, 15) & 31))
        , 'escape');
END
$$;
