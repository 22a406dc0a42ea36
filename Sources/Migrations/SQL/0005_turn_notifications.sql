CREATE TABLE turn_notifications (
    id              uuid        NOT NULL,
    session_id      uuid        NOT NULL,
    method          text        NOT NULL,
    trigger         text        NOT NULL,
    agent_state_seq bigint      NOT NULL,
    created_at      timestamptz NOT NULL,
    completed_at    timestamptz NOT NULL,

    CONSTRAINT turn_notifications_pkey PRIMARY KEY (id),
    -- The state that the receipt speaks of is in the history.
    CONSTRAINT turn_notifications_agent_state_fkey FOREIGN KEY (session_id, agent_state_seq)
        REFERENCES agent_state_transitions (session_id, seq) ON DELETE CASCADE,
    CONSTRAINT turn_notifications_method_length CHECK (octet_length(method) BETWEEN 1 AND 256),
    CONSTRAINT turn_notifications_trigger_is_known CHECK (trigger IN ('policy', 'api')),
    CONSTRAINT turn_notifications_times_in_order CHECK (completed_at >= created_at)
);

CREATE INDEX turn_notifications_session_id_idx ON turn_notifications (session_id, id);

COMMENT ON TABLE turn_notifications IS 'Receipts of turn notifications: written once, when every recipient has an outcome.';
COMMENT ON COLUMN turn_notifications.agent_state_seq IS 'The row of agent_state_transitions that the agent''s state stood in.';

CREATE TABLE turn_notification_recipients (
    notification_id uuid     NOT NULL,
    position        integer  NOT NULL,
    identity        text     NOT NULL,
    outcome         text     NOT NULL,
    response        text,
    error_code      bigint,
    error_message   text,
    error_data      text,
    latency_us      bigint,

    CONSTRAINT turn_notification_recipients_pkey PRIMARY KEY (notification_id, position),
    CONSTRAINT turn_notification_recipients_notification_id_fkey
        FOREIGN KEY (notification_id) REFERENCES turn_notifications (id) ON DELETE CASCADE,
    CONSTRAINT turn_notification_recipients_identity_key UNIQUE (notification_id, identity),
    CONSTRAINT turn_notification_recipients_position_from_zero CHECK (position >= 0),
    CONSTRAINT turn_notification_recipients_identity_length CHECK (octet_length(identity) BETWEEN 1 AND 1024),
    CONSTRAINT turn_notification_recipients_outcome_is_known
        CHECK (outcome IN ('acknowledged', 'unsupported', 'absent', 'timeout', 'disconnected', 'failed')),
    CONSTRAINT turn_notification_recipients_response_of_acknowledged
        CHECK (response IS NULL OR outcome = 'acknowledged'),
    CONSTRAINT turn_notification_recipients_error_of_others
        CHECK (error_code IS NULL OR outcome <> 'acknowledged'),
    CONSTRAINT turn_notification_recipients_error_is_whole
        CHECK ((error_code IS NULL) = (error_message IS NULL) AND (error_data IS NULL OR error_code IS NOT NULL)),
    CONSTRAINT turn_notification_recipients_error_code_is_uint32 CHECK (error_code BETWEEN 0 AND 4294967295),
    CONSTRAINT turn_notification_recipients_text_length
        CHECK (octet_length(response) <= 1048576 AND octet_length(error_message) <= 65536
               AND octet_length(error_data) <= 1048576),
    CONSTRAINT turn_notification_recipients_latency_is_positive CHECK (latency_us >= 0)
);

COMMENT ON TABLE turn_notification_recipients IS 'One line for each recipient of a turn notification.';
COMMENT ON COLUMN turn_notification_recipients.position IS 'The line''s place in its receipt, from 0.';
COMMENT ON COLUMN turn_notification_recipients.latency_us IS 'From the call to the outcome, in microseconds.';
