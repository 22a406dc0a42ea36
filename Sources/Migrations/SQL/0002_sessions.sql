CREATE TABLE sessions (
    id               uuid        NOT NULL,
    runtime_id       uuid,
    room             text        NOT NULL,
    room_sid         text,
    status           text        NOT NULL,
    agent_identity   text        NOT NULL,
    agent_name       text        NOT NULL,
    agent_metadata   text        NOT NULL,
    agent_attributes jsonb       NOT NULL,
    agent_sid        text,
    turn_policy      jsonb       NOT NULL,
    labels           jsonb       NOT NULL,
    metadata         json        NOT NULL,
    max_duration_ms  bigint,
    empty_timeout_ms bigint,
    created_at       timestamptz NOT NULL,
    activated_at     timestamptz,
    ended_at         timestamptz,
    end_reason       text,
    end_detail       text,

    CONSTRAINT sessions_pkey PRIMARY KEY (id),
    CONSTRAINT sessions_runtime_id_fkey FOREIGN KEY (runtime_id) REFERENCES runtimes (id),
    CONSTRAINT sessions_status_is_known
        CHECK (status IN ('connecting', 'active', 'reconnecting', 'ending', 'ended', 'failed')),
    CONSTRAINT sessions_end_reason_is_known
        CHECK (end_reason IN ('deleted', 'max_duration', 'room_empty', 'room_deleted', 'participant_removed',
                              'shutdown', 'duplicate_identity', 'room_unreachable', 'room_token_refused',
                              'connection_lost', 'runtime_lost', 'internal_error')),
    CONSTRAINT sessions_held_while_live CHECK ((runtime_id IS NULL) = (status IN ('ended', 'failed'))),
    CONSTRAINT sessions_ended_at_when_final CHECK ((ended_at IS NOT NULL) = (status IN ('ended', 'failed'))),
    CONSTRAINT sessions_end_reason_when_final CHECK ((end_reason IS NOT NULL) = (status IN ('ended', 'failed'))),
    CONSTRAINT sessions_end_detail_with_reason CHECK (end_detail IS NULL OR end_reason IS NOT NULL),
    CONSTRAINT sessions_activated_at_when_active
        CHECK (activated_at IS NOT NULL OR status NOT IN ('active', 'reconnecting')),
    CONSTRAINT sessions_times_in_order CHECK (activated_at >= created_at AND ended_at >= created_at AND ended_at >= activated_at),
    CONSTRAINT sessions_room_length CHECK (octet_length(room) BETWEEN 1 AND 1024),
    CONSTRAINT sessions_agent_identity_length CHECK (octet_length(agent_identity) BETWEEN 1 AND 1024),
    CONSTRAINT sessions_agent_name_length CHECK (octet_length(agent_name) <= 4096),
    CONSTRAINT sessions_agent_metadata_length CHECK (octet_length(agent_metadata) <= 1048576),
    CONSTRAINT sessions_sid_length CHECK (octet_length(room_sid) BETWEEN 1 AND 256 AND octet_length(agent_sid) BETWEEN 1 AND 256),
    CONSTRAINT sessions_end_detail_length CHECK (octet_length(end_detail) <= 4096),
    CONSTRAINT sessions_metadata_length CHECK (octet_length(metadata::text) <= 1048576),
    CONSTRAINT sessions_metadata_is_object CHECK (json_typeof(metadata) = 'object'),
    CONSTRAINT sessions_turn_policy_is_object CHECK (jsonb_typeof(turn_policy) = 'object'),
    CONSTRAINT sessions_agent_attributes_are_texts
        CHECK (jsonb_typeof(agent_attributes) = 'object'
               AND NOT jsonb_path_exists(agent_attributes, '$.* ? (@.type() != "string")')),
    CONSTRAINT sessions_labels_are_texts
        CHECK (jsonb_typeof(labels) = 'object' AND NOT jsonb_path_exists(labels, '$.* ? (@.type() != "string")')),
    CONSTRAINT sessions_durations_are_positive CHECK (max_duration_ms >= 0 AND empty_timeout_ms >= 0)
);

-- Two agents of one identity in one room would throw each other out.
CREATE UNIQUE INDEX sessions_live_identity_key ON sessions (room, agent_identity)
    WHERE status NOT IN ('ended', 'failed');
CREATE INDEX sessions_runtime_id_idx ON sessions (runtime_id) WHERE runtime_id IS NOT NULL;
-- Ids sort by time: each of these serves a list that is read newest first.
CREATE INDEX sessions_status_id_idx ON sessions (status, id);
CREATE INDEX sessions_room_id_idx ON sessions (room, id);
CREATE INDEX sessions_labels_idx ON sessions USING gin (labels jsonb_path_ops);

COMMENT ON TABLE sessions IS 'One agent in one room. A final row (ended, failed) never changes again.';
COMMENT ON COLUMN sessions.id IS 'A UUIDv7: ids sort by the time they were made.';
COMMENT ON COLUMN sessions.runtime_id IS 'The process that holds the session: there exactly while the session is live.';
COMMENT ON COLUMN sessions.metadata IS
    'The caller''s own object. json and not jsonb: the text comes back as it was given, keys in their order and numbers in their spelling.';
COMMENT ON COLUMN sessions.max_duration_ms IS 'NULL: no limit.';
COMMENT ON COLUMN sessions.empty_timeout_ms IS 'How long the agent stays with nobody but agents. NULL: for ever.';
COMMENT ON COLUMN sessions.end_detail IS 'A sentence for the operator.';

CREATE FUNCTION sessions_stage(status text) RETURNS integer LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN CASE status
        WHEN 'connecting' THEN 0 WHEN 'active' THEN 1 WHEN 'reconnecting' THEN 1 WHEN 'ending' THEN 2
        WHEN 'ended' THEN 3 WHEN 'failed' THEN 3
    END;

COMMENT ON FUNCTION sessions_stage(text) IS
    'How far a session in this status has come: it never goes back to a lower stage.';

-- Holds what no CHECK can see: the row as it was before.
CREATE FUNCTION sessions_guard_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF old.status IN ('ended', 'failed') THEN
        RAISE EXCEPTION 'a final session never changes'
            USING ERRCODE = 'check_violation', TABLE = 'sessions', CONSTRAINT = 'sessions_final_never_changes';
    END IF;
    IF sessions_stage(new.status) < sessions_stage(old.status) THEN
        RAISE EXCEPTION 'the status of a session never goes back'
            USING ERRCODE = 'check_violation', TABLE = 'sessions', CONSTRAINT = 'sessions_status_never_goes_back';
    END IF;
    IF (new.id, new.room, new.agent_identity, new.created_at)
        IS DISTINCT FROM (old.id, old.room, old.agent_identity, old.created_at)
        OR new.activated_at IS DISTINCT FROM old.activated_at AND old.activated_at IS NOT NULL
    THEN
        RAISE EXCEPTION 'who, where and since when of a session never change'
            USING ERRCODE = 'check_violation', TABLE = 'sessions', CONSTRAINT = 'sessions_identity_never_changes';
    END IF;
    RETURN new;
END
$$;

CREATE TRIGGER sessions_guard_update BEFORE UPDATE ON sessions
    FOR EACH ROW EXECUTE FUNCTION sessions_guard_update();

-- What a journal batch begins with: takes the rows' locks in one order, so
-- that batches, burials and patches cannot deadlock, and turns away what comes
-- from a runtime that was buried while it still ran.
CREATE FUNCTION sessions_open_to_journal(session_ids uuid[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    known  bigint;
    buried bigint;
BEGIN
    SELECT count(*), count(*) FILTER (WHERE locked.end_reason = 'runtime_lost') INTO known, buried
    FROM (SELECT end_reason FROM sessions WHERE id = ANY (session_ids) ORDER BY id FOR NO KEY UPDATE) AS locked;
    IF known < cardinality(session_ids) THEN
        RAISE EXCEPTION 'no such session'
            USING ERRCODE = 'foreign_key_violation', TABLE = 'sessions', CONSTRAINT = 'journal_session_is_known';
    END IF;
    IF buried > 0 THEN
        RAISE EXCEPTION 'the session was taken from its runtime'
            USING ERRCODE = 'check_violation', TABLE = 'sessions', CONSTRAINT = 'journal_session_is_not_buried';
    END IF;
END
$$;

COMMENT ON FUNCTION sessions_open_to_journal(uuid[]) IS
    'Locks the sessions (distinct ids) for the rest of the transaction; fails when one does not exist or was buried.';
