CREATE TABLE incidents (
    session_id  uuid        NOT NULL,
    seq         bigint      NOT NULL,
    at          timestamptz NOT NULL,
    turn_id     uuid,
    finding     text        NOT NULL,
    participant text,
    detail      text        NOT NULL,
    healed      boolean     NOT NULL,

    CONSTRAINT incidents_pkey PRIMARY KEY (session_id, seq),
    CONSTRAINT incidents_session_id_fkey FOREIGN KEY (session_id) REFERENCES sessions (id) ON DELETE CASCADE,
    CONSTRAINT incidents_seq_from_one CHECK (seq >= 1),
    CONSTRAINT incidents_finding_is_known
        CHECK (finding IN ('no_frames', 'silent_speech', 'turn_overdue', 'gate_mismatch')),
    CONSTRAINT incidents_participant_length CHECK (octet_length(participant) BETWEEN 1 AND 1024),
    CONSTRAINT incidents_detail_length CHECK (octet_length(detail) <= 4096)
);

COMMENT ON TABLE incidents IS
    'What went wrong in a session and was found by its watchdog. Rows are added and never changed; they go only with their session.';
COMMENT ON COLUMN incidents.seq IS 'From 1.';
COMMENT ON COLUMN incidents.turn_id IS
    'The turn that it concerns. No foreign key: what is amiss is told even where it is the turn that is missing.';
COMMENT ON COLUMN incidents.participant IS 'The identity of whom it concerns, or NULL.';
COMMENT ON COLUMN incidents.detail IS 'A sentence for the operator.';
COMMENT ON COLUMN incidents.healed IS 'Whether what was done about it helped.';

CREATE TRIGGER incidents_guard_insert AFTER INSERT ON incidents
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION sessions_guard_addition();

CREATE FUNCTION incidents_guard_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'an incident never changes'
        USING ERRCODE = 'check_violation', TABLE = 'incidents', CONSTRAINT = 'incidents_never_change';
END
$$;

CREATE TRIGGER incidents_guard_update BEFORE UPDATE ON incidents
    FOR EACH ROW EXECUTE FUNCTION incidents_guard_update();
