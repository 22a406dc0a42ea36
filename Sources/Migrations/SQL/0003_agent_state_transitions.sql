CREATE TABLE agent_state_transitions (
    session_id uuid        NOT NULL,
    seq        bigint      NOT NULL,
    at         timestamptz NOT NULL,
    turn_id    uuid,
    old_state  text,
    new_state  text        NOT NULL,
    cause      text        NOT NULL,
    actor      text,
    reason     text,

    CONSTRAINT agent_state_transitions_pkey PRIMARY KEY (session_id, seq),
    CONSTRAINT agent_state_transitions_session_id_fkey
        FOREIGN KEY (session_id) REFERENCES sessions (id) ON DELETE CASCADE,
    CONSTRAINT agent_state_transitions_seq_from_one CHECK (seq >= 1),
    CONSTRAINT agent_state_transitions_old_state_is_known
        CHECK (old_state IN ('initializing', 'idle', 'listening', 'thinking', 'speaking')),
    CONSTRAINT agent_state_transitions_new_state_is_known
        CHECK (new_state IN ('initializing', 'idle', 'listening', 'thinking', 'speaking')),
    CONSTRAINT agent_state_transitions_cause_is_known
        CHECK (cause IN ('api', 'rpc', 'playout', 'policy', 'observed', 'connection')),
    CONSTRAINT agent_state_transitions_first_has_no_old_state CHECK ((old_state IS NULL) = (seq = 1)),
    CONSTRAINT agent_state_transitions_initializing_is_first CHECK ((new_state = 'initializing') = (seq = 1)),
    CONSTRAINT agent_state_transitions_state_changes CHECK (old_state <> new_state),
    CONSTRAINT agent_state_transitions_actor_length CHECK (octet_length(actor) <= 1024),
    CONSTRAINT agent_state_transitions_reason_length CHECK (octet_length(reason) <= 1024)
);

-- The history across sessions, in its order, and of one state.
CREATE INDEX agent_state_transitions_at_idx ON agent_state_transitions (at, session_id, seq);
CREATE INDEX agent_state_transitions_new_state_at_idx ON agent_state_transitions (new_state, at, session_id, seq);

COMMENT ON TABLE agent_state_transitions IS
    'Every step of every agent''s state. Rows are added at a session''s end and never changed; they go only with their session.';
COMMENT ON COLUMN agent_state_transitions.seq IS 'From 1, without holes.';
COMMENT ON COLUMN agent_state_transitions.at IS 'Never before the row before.';
COMMENT ON COLUMN agent_state_transitions.actor IS 'An API key''s name, a participant''s identity, or NULL.';
COMMENT ON COLUMN agent_state_transitions.reason IS 'The caller''s own word for why.';

-- No hole, no break, no step back in time, nothing after the end. A trigger
-- for the whole statement and not foreign keys: those would need a second
-- unique index (half as much space again), cost more for each row of a batch,
-- and cannot compare times. The session's lock makes it safe: of two writers
-- of one session the second sees what the first has written.
CREATE FUNCTION agent_state_transitions_guard_insert() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    session_ids uuid[] := ARRAY(SELECT DISTINCT session_id FROM added);
    live        bigint;
BEGIN
    SELECT count(*) FILTER (WHERE locked.status NOT IN ('ended', 'failed')) INTO live
    FROM (SELECT status FROM sessions WHERE id = ANY (session_ids) ORDER BY id FOR NO KEY UPDATE) AS locked;
    IF live < cardinality(session_ids) THEN
        RAISE EXCEPTION 'no transition after the end of a session'
            USING ERRCODE = 'check_violation', TABLE = 'agent_state_transitions',
                  CONSTRAINT = 'agent_state_transitions_session_is_live';
    END IF;
    IF EXISTS (
        SELECT FROM added
        LEFT JOIN LATERAL (
            SELECT earlier.new_state, earlier.at
            FROM agent_state_transitions AS earlier
            WHERE earlier.session_id = added.session_id AND earlier.seq = added.seq - 1
            OFFSET 0 -- by the primary key, whatever the planner thinks of `added`
        ) AS previous ON true
        WHERE added.seq > 1 AND (previous.new_state IS DISTINCT FROM added.old_state OR previous.at > added.at)
    ) THEN
        RAISE EXCEPTION 'a transition must follow on the one before'
            USING ERRCODE = 'check_violation', TABLE = 'agent_state_transitions',
                  CONSTRAINT = 'agent_state_transitions_without_hole';
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER agent_state_transitions_guard_insert AFTER INSERT ON agent_state_transitions
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION agent_state_transitions_guard_insert();

CREATE FUNCTION agent_state_transitions_guard_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a transition never changes'
        USING ERRCODE = 'check_violation', TABLE = 'agent_state_transitions',
              CONSTRAINT = 'agent_state_transitions_never_change';
END
$$;

CREATE TRIGGER agent_state_transitions_guard_update BEFORE UPDATE ON agent_state_transitions
    FOR EACH ROW EXECUTE FUNCTION agent_state_transitions_guard_update();

CREATE FUNCTION agent_state_transitions_guard_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM removed JOIN sessions ON sessions.id = removed.session_id) THEN
        RAISE EXCEPTION 'a transition goes only with its session'
            USING ERRCODE = 'check_violation', TABLE = 'agent_state_transitions',
                  CONSTRAINT = 'agent_state_transitions_never_go';
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER agent_state_transitions_guard_delete AFTER DELETE ON agent_state_transitions
    REFERENCING OLD TABLE AS removed
    FOR EACH STATEMENT EXECUTE FUNCTION agent_state_transitions_guard_delete();
