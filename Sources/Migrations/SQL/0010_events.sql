-- Ids that sort by time, for what PostgreSQL itself has to make up (RFC 9562,
-- section 5.7): milliseconds, the version, random bits.
CREATE FUNCTION turngate_uuid(at timestamptz) RETURNS uuid LANGUAGE sql VOLATILE STRICT PARALLEL SAFE AS $$
    SELECT encode(
        set_bit(set_bit(
            overlay(
                uuid_send(gen_random_uuid())
                PLACING substring(int8send(floor(extract(epoch FROM at) * 1000)::bigint) FROM 3) FROM 1 FOR 6),
            52, 1), 53, 1),
        'hex')::uuid
$$;

COMMENT ON FUNCTION turngate_uuid(timestamptz) IS 'A new UUIDv7 of that moment.';

CREATE TABLE events (
    position    bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
    id          uuid        NOT NULL,
    session_id  uuid        NOT NULL,
    room        text        NOT NULL,
    seq         bigint      NOT NULL,
    type        text        NOT NULL,
    at          timestamptz NOT NULL,
    traceparent text,
    data        json        NOT NULL,

    CONSTRAINT events_pkey PRIMARY KEY (position),
    CONSTRAINT events_id_key UNIQUE (id),
    CONSTRAINT events_seq_key UNIQUE (session_id, seq),
    CONSTRAINT events_session_id_fkey FOREIGN KEY (session_id) REFERENCES sessions (id) ON DELETE CASCADE,
    CONSTRAINT events_seq_from_one CHECK (seq >= 1),
    -- No regular expressions: each event is checked, and those are slow.
    CONSTRAINT events_type_is_word
        CHECK (octet_length(type) BETWEEN 3 AND 64 AND strpos(type, '.') > 1
               AND translate(type, 'abcdefghijklmnopqrstuvwxyz_.', '') = ''),
    CONSTRAINT events_traceparent_is_well_formed
        CHECK (octet_length(traceparent) = 55 AND translate(traceparent, '0123456789abcdef-', '') = ''),
    CONSTRAINT events_data_is_object CHECK (json_typeof(data) = 'object'),
    CONSTRAINT events_data_length CHECK (octet_length(data::text) <= 524288),
    CONSTRAINT events_data_is_one_line CHECK (strpos(data::text, E'\n') = 0 AND strpos(data::text, E'\r') = 0)
);

-- Each serves a stream that goes on after a position.
CREATE INDEX events_session_id_position_idx ON events (session_id, position);
CREATE INDEX events_room_position_idx ON events (room, position);

COMMENT ON TABLE events IS
    'What happened in sessions, as streams and webhooks tell it. Rows are added by events_add and never changed; they go only with their session.';
COMMENT ON COLUMN events.position IS
    'The place among all events, in the order of the commits, with gaps: none ever appears before one that could be read already.';
COMMENT ON COLUMN events.id IS 'A UUIDv7, made by whoever tells of the event, so that telling it twice is no harm.';
COMMENT ON COLUMN events.room IS 'The session''s room.';
COMMENT ON COLUMN events.seq IS 'From 1 in its session, without gaps, in the order of the positions.';
COMMENT ON COLUMN events.at IS 'When it happened.';
COMMENT ON COLUMN events.traceparent IS 'What brought it about, as W3C Trace Context has it; NULL: no call.';
COMMENT ON COLUMN events.data IS
    'The event''s own object, on one line. json and not jsonb: nobody looks into it here, and it is passed on as it came.';

-- The lock is held until the commit can be seen, so that the next to number
-- events sees these, and no reader that goes on after a position ever misses
-- one that is yet to appear before it. For that it comes last in its
-- transaction, after all locks of rows. plpgsql and VOLATILE: the statement
-- after the lock has a snapshot of its own.
CREATE FUNCTION events_add(
    ids uuid[], session_ids uuid[], types text[], ats timestamptz[], traceparents text[], data json[]
) RETURNS integer LANGUAGE plpgsql VOLATILE
-- Planned once and by the indexes, also while the tables are small: planning
-- would take several times as long as one event does.
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
AS $$
DECLARE
    added integer;
BEGIN
    IF cardinality(ids) = 0 THEN
        RETURN 0;
    END IF;
    PERFORM pg_advisory_xact_lock(8391739299149018227); -- "turnevts" in ASCII
    INSERT INTO events (id, session_id, room, seq, type, at, traceparent, data)
    WITH place AS MATERIALIZED (
        SELECT sessions.id, sessions.room, coalesce((
            SELECT earlier.seq FROM events AS earlier WHERE earlier.session_id = sessions.id
            ORDER BY earlier.seq DESC LIMIT 1
        ), 0) AS last_seq
        FROM sessions WHERE sessions.id = ANY (session_ids)
    )
    SELECT given.id, given.session_id, place.room,
        place.last_seq + row_number() OVER (PARTITION BY given.session_id ORDER BY given.n),
        given.type, given.at, given.traceparent, given.data
    FROM unnest(ids, session_ids, types, ats, traceparents, data)
        WITH ORDINALITY AS given (id, session_id, type, at, traceparent, data, n)
    LEFT JOIN place ON place.id = given.session_id
    -- OFFSET 0: one look into the index for each, whatever the planner thinks.
    WHERE NOT EXISTS (SELECT FROM events AS there WHERE there.id = given.id OFFSET 0)
    ORDER BY given.n;
    GET DIAGNOSTICS added = ROW_COUNT;
    RETURN added;
END
$$;

COMMENT ON FUNCTION events_add(uuid[], uuid[], text[], timestamptz[], text[], json[]) IS
    'Adds events in the order given and numbers them; skips those that are there. Returns how many were new. The last statement of its transaction.';

CREATE FUNCTION events_envelope(event events) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT '{"id":"' || turngate_id('evt', event.id) || '","type":"' || event.type
        || '","session_id":"' || turngate_id('ses', event.session_id) || '","room":' || to_json(event.room)::text
        || ',"seq":' || event.seq || ',"at":"' || turngate_time(event.at)
        || '","trace_id":' || coalesce('"' || substr(event.traceparent, 4, 32) || '"', 'null')
        || ',"data":' || event.data::text || '}'
$$;

COMMENT ON FUNCTION events_envelope(events) IS 'The event as streams and webhooks send it: a JSON object on one line.';

CREATE FUNCTION events_guard_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'an event never changes'
        USING ERRCODE = 'check_violation', TABLE = 'events', CONSTRAINT = 'events_never_change';
END
$$;

CREATE TRIGGER events_guard_update BEFORE UPDATE ON events
    FOR EACH ROW EXECUTE FUNCTION events_guard_update();

CREATE FUNCTION events_guard_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM removed JOIN sessions ON sessions.id = removed.session_id) THEN
        RAISE EXCEPTION 'an event goes only with its session'
            USING ERRCODE = 'check_violation', TABLE = 'events', CONSTRAINT = 'events_never_go';
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER events_guard_delete AFTER DELETE ON events
    REFERENCING OLD TABLE AS removed
    FOR EACH STATEMENT EXECUTE FUNCTION events_guard_delete();
