CREATE TABLE turns (
    id             uuid        NOT NULL,
    session_id     uuid        NOT NULL,
    epoch          bigint      NOT NULL,
    holder         text        NOT NULL,
    status         text        NOT NULL,
    outcome        text,
    end_reason     text,
    started_at     timestamptz NOT NULL,
    ended_at       timestamptz,
    start_cause    text        NOT NULL,
    start_actor    text,
    pre_roll_ms    bigint      NOT NULL,
    audio_ms       bigint      NOT NULL,
    speech_ms      bigint      NOT NULL,
    dropped_frames bigint      NOT NULL,

    CONSTRAINT turns_pkey PRIMARY KEY (id),
    CONSTRAINT turns_session_id_fkey FOREIGN KEY (session_id) REFERENCES sessions (id) ON DELETE CASCADE,
    CONSTRAINT turns_epoch_key UNIQUE (session_id, epoch),
    CONSTRAINT turns_epoch_from_one CHECK (epoch >= 1),
    CONSTRAINT turns_holder_length CHECK (octet_length(holder) BETWEEN 1 AND 1024),
    CONSTRAINT turns_start_actor_length CHECK (octet_length(start_actor) <= 1024),
    CONSTRAINT turns_status_is_known CHECK (status IN ('active', 'ending', 'ended')),
    CONSTRAINT turns_outcome_is_known
        CHECK (outcome IN ('committed', 'empty', 'cancelled', 'timed_out', 'preempted', 'holder_left')),
    CONSTRAINT turns_end_reason_is_known
        CHECK (end_reason IN ('end_turn', 'cancel_turn', 'max_turn', 'preempted', 'holder_left', 'holder_muted',
                              'holder_unpublished', 'session_ended', 'policy_changed')),
    CONSTRAINT turns_start_cause_is_known CHECK (start_cause IN ('rpc', 'api')),
    CONSTRAINT turns_outcome_when_ended CHECK ((outcome IS NOT NULL) = (status = 'ended')),
    CONSTRAINT turns_ended_at_when_ended CHECK ((ended_at IS NOT NULL) = (status = 'ended')),
    CONSTRAINT turns_end_reason_from_ending_on CHECK ((end_reason IS NULL) = (status = 'active')),
    CONSTRAINT turns_times_in_order CHECK (ended_at >= started_at),
    CONSTRAINT turns_counts_are_positive
        CHECK (pre_roll_ms >= 0 AND audio_ms >= 0 AND speech_ms >= 0 AND dropped_frames >= 0),
    CONSTRAINT turns_audio_adds_up CHECK (pre_roll_ms <= audio_ms AND speech_ms <= audio_ms)
);

-- There is one floor: whoever has it has it alone.
CREATE UNIQUE INDEX turns_running_key ON turns (session_id) WHERE status <> 'ended';
-- Ids sort by time: serves the list, which is read newest first.
CREATE INDEX turns_session_id_id_idx ON turns (session_id, id);

COMMENT ON TABLE turns IS
    'Participants'' turns to speak. A row is there from a turn''s start and written over as it goes on; an ended one never changes again.';
COMMENT ON COLUMN turns.id IS 'A UUIDv7: ids sort by the time they were made.';
COMMENT ON COLUMN turns.epoch IS 'The turn''s number in its session, from 1.';
COMMENT ON COLUMN turns.holder IS 'The identity of the participant who has (had) the floor.';
COMMENT ON COLUMN turns.end_reason IS 'What brought the turn to its end: there from the moment its end has begun.';
COMMENT ON COLUMN turns.start_actor IS 'A participant''s identity, an API key''s name, or NULL.';
COMMENT ON COLUMN turns.pre_roll_ms IS 'Of audio_ms, what was said before the start.';
COMMENT ON COLUMN turns.audio_ms IS 'All that passed the gate.';
COMMENT ON COLUMN turns.speech_ms IS 'Of audio_ms, what was loud enough to be speech.';
COMMENT ON COLUMN turns.dropped_frames IS 'Frames of 20 ms that should have passed and are known to be lost.';

CREATE FUNCTION turns_stage(status text) RETURNS integer LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN CASE status WHEN 'active' THEN 0 WHEN 'ending' THEN 1 WHEN 'ended' THEN 2 END;

COMMENT ON FUNCTION turns_stage(text) IS 'How far a turn in this status has come: it never goes back to a lower stage.';

-- Holds what no CHECK can see: the row as it was before.
CREATE FUNCTION turns_guard_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF old.status = 'ended' THEN
        RAISE EXCEPTION 'an ended turn never changes'
            USING ERRCODE = 'check_violation', TABLE = 'turns', CONSTRAINT = 'turns_ended_never_changes';
    END IF;
    IF turns_stage(new.status) < turns_stage(old.status) THEN
        RAISE EXCEPTION 'the status of a turn never goes back'
            USING ERRCODE = 'check_violation', TABLE = 'turns', CONSTRAINT = 'turns_status_never_goes_back';
    END IF;
    IF (new.id, new.session_id, new.epoch, new.holder, new.started_at, new.start_cause, new.start_actor)
        IS DISTINCT FROM
        (old.id, old.session_id, old.epoch, old.holder, old.started_at, old.start_cause, old.start_actor)
    THEN
        RAISE EXCEPTION 'whose a turn is and how it began never change'
            USING ERRCODE = 'check_violation', TABLE = 'turns', CONSTRAINT = 'turns_identity_never_changes';
    END IF;
    RETURN new;
END
$$;

CREATE TRIGGER turns_guard_update BEFORE UPDATE ON turns
    FOR EACH ROW EXECUTE FUNCTION turns_guard_update();

-- For every table that only live sessions add rows to. The session's lock
-- makes it safe: a session does not end between this look and the commit.
CREATE FUNCTION sessions_guard_addition() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    session_ids uuid[] := ARRAY(SELECT DISTINCT session_id FROM added);
    live        bigint;
BEGIN
    SELECT count(*) FILTER (WHERE locked.status NOT IN ('ended', 'failed')) INTO live
    FROM (SELECT status FROM sessions WHERE id = ANY (session_ids) ORDER BY id FOR NO KEY UPDATE) AS locked;
    IF live < cardinality(session_ids) THEN
        RAISE EXCEPTION 'no row of % after the end of a session', TG_TABLE_NAME
            USING ERRCODE = 'check_violation', TABLE = TG_TABLE_NAME,
                  CONSTRAINT = TG_TABLE_NAME || '_session_is_live';
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER turns_guard_insert AFTER INSERT ON turns
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION sessions_guard_addition();

-- Whatever ends a session (the journal, a burial, an operator) ends the turn
-- that is under way in it.
CREATE FUNCTION sessions_end_turns() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE turns SET
        status = 'ended', outcome = 'cancelled', end_reason = 'session_ended',
        ended_at = greatest(new.ended_at, started_at)
    WHERE session_id = new.id AND status <> 'ended';
    RETURN NULL;
END
$$;

CREATE TRIGGER sessions_end_turns AFTER UPDATE ON sessions
    FOR EACH ROW WHEN (new.status IN ('ended', 'failed') AND old.status NOT IN ('ended', 'failed'))
    EXECUTE FUNCTION sessions_end_turns();
