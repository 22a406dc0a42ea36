ALTER TABLE sessions
    ADD COLUMN created_by text,
    ADD CONSTRAINT sessions_created_by_length CHECK (octet_length(created_by) <= 1024);

COMMENT ON COLUMN sessions.created_by IS 'Who made it: an API key''s name or a token''s identity. NULL: not known.';

-- The users' own systems answer methods, too.
ALTER TABLE rpc_methods
    ADD COLUMN handler         jsonb,
    ADD COLUMN allowed_callers jsonb,
    ADD COLUMN keep_payloads   boolean NOT NULL DEFAULT false,
    DROP CONSTRAINT rpc_methods_handler_type_is_known,
    ADD CONSTRAINT rpc_methods_handler_type_is_known
        CHECK (handler_type IN ('static', 'echo', 'builtin', 'webhook', 'queue')),
    ADD CONSTRAINT rpc_methods_handler_of_type CHECK ((handler IS NOT NULL) = (handler_type IN ('webhook', 'queue'))),
    ADD CONSTRAINT rpc_methods_handler_is_object CHECK (jsonb_typeof(handler) = 'object'),
    ADD CONSTRAINT rpc_methods_handler_url_of_webhook
        CHECK ((coalesce(jsonb_typeof(handler -> 'url'), '') = 'string') = (handler_type = 'webhook')),
    ADD CONSTRAINT rpc_methods_handler_timeout_is_positive CHECK ((handler -> 'timeout_ms')::numeric > 0),
    ADD CONSTRAINT rpc_methods_handler_length CHECK (octet_length(handler::text) <= 262144),
    ADD CONSTRAINT rpc_methods_allowed_callers_is_object CHECK (jsonb_typeof(allowed_callers) = 'object'),
    ADD CONSTRAINT rpc_methods_allowed_callers_length CHECK (octet_length(allowed_callers::text) <= 1048576);

COMMENT ON COLUMN rpc_methods.handler IS
    'webhook: url, timeout_ms, headers, secret, envelope; queue: timeout_ms, envelope; others: NULL. Holds credentials.';
COMMENT ON COLUMN rpc_methods.allowed_callers IS 'Who may call: identities, kinds, floorHolder. NULL: everybody in the room.';
COMMENT ON COLUMN rpc_methods.keep_payloads IS 'Whether rpc_invocations has payloads and responses.';

CREATE TABLE default_rpc_methods (
    name            text        NOT NULL,
    description     text,
    handler_type    text        NOT NULL,
    static_response text,
    handler         jsonb,
    allowed_callers jsonb,
    keep_payloads   boolean     NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT clock_timestamp(),

    CONSTRAINT default_rpc_methods_pkey PRIMARY KEY (name),
    CONSTRAINT default_rpc_methods_name_length CHECK (octet_length(name) BETWEEN 1 AND 256),
    CONSTRAINT default_rpc_methods_description_length CHECK (octet_length(description) <= 65536),
    CONSTRAINT default_rpc_methods_handler_type_is_known
        CHECK (handler_type IN ('static', 'echo', 'webhook', 'queue')),
    CONSTRAINT default_rpc_methods_static_response_of_static
        CHECK ((static_response IS NOT NULL) = (handler_type = 'static')),
    CONSTRAINT default_rpc_methods_static_response_length CHECK (octet_length(static_response) <= 1048576),
    CONSTRAINT default_rpc_methods_handler_of_type
        CHECK ((handler IS NOT NULL) = (handler_type IN ('webhook', 'queue'))),
    CONSTRAINT default_rpc_methods_handler_is_object CHECK (jsonb_typeof(handler) = 'object'),
    CONSTRAINT default_rpc_methods_handler_url_of_webhook
        CHECK ((coalesce(jsonb_typeof(handler -> 'url'), '') = 'string') = (handler_type = 'webhook')),
    CONSTRAINT default_rpc_methods_handler_timeout_is_positive CHECK ((handler -> 'timeout_ms')::numeric > 0),
    CONSTRAINT default_rpc_methods_handler_length CHECK (octet_length(handler::text) <= 262144),
    CONSTRAINT default_rpc_methods_allowed_callers_is_object CHECK (jsonb_typeof(allowed_callers) = 'object'),
    CONSTRAINT default_rpc_methods_allowed_callers_length CHECK (octet_length(allowed_callers::text) <= 1048576)
);

COMMENT ON TABLE default_rpc_methods IS
    'The methods that every new session starts with; sessions have copies in rpc_methods. Columns as there.';

CREATE TABLE rpc_invocations (
    id            uuid        NOT NULL,
    session_id    uuid        NOT NULL,
    direction     text        NOT NULL,
    method        text        NOT NULL,
    participant   text        NOT NULL,
    handler_type  text,
    started_at    timestamptz NOT NULL,
    duration_us   bigint      NOT NULL,
    outcome       text        NOT NULL,
    error_code    bigint,
    error_message text,
    error_data    text,
    payload       text,
    response      text,

    CONSTRAINT rpc_invocations_pkey PRIMARY KEY (id),
    CONSTRAINT rpc_invocations_session_id_fkey FOREIGN KEY (session_id) REFERENCES sessions (id) ON DELETE CASCADE,
    CONSTRAINT rpc_invocations_direction_is_known CHECK (direction IN ('in', 'out')),
    CONSTRAINT rpc_invocations_outcome_is_known
        CHECK (outcome IN ('answered', 'timeout', 'refused', 'disconnected', 'failed')),
    CONSTRAINT rpc_invocations_duration_is_positive CHECK (duration_us >= 0),
    CONSTRAINT rpc_invocations_error_unless_answered CHECK (error_code IS NULL OR outcome <> 'answered'),
    CONSTRAINT rpc_invocations_error_is_whole
        CHECK ((error_code IS NULL) = (error_message IS NULL) AND (error_data IS NULL OR error_code IS NOT NULL)),
    CONSTRAINT rpc_invocations_error_code_is_uint32 CHECK (error_code BETWEEN 0 AND 4294967295),
    CONSTRAINT rpc_invocations_text_length
        CHECK (octet_length(method) <= 256 AND octet_length(participant) <= 1024
               AND octet_length(handler_type) <= 64 AND octet_length(error_message) <= 1024
               AND octet_length(error_data) <= 65536 AND octet_length(payload) <= 65536
               AND octet_length(response) <= 65536)
);

-- Ids sort by time: both serve the log, which is read newest first.
CREATE INDEX rpc_invocations_session_id_id_idx ON rpc_invocations (session_id, id);
CREATE INDEX rpc_invocations_method_idx ON rpc_invocations (session_id, method, id);

COMMENT ON TABLE rpc_invocations IS
    'Calls to and from sessions'' agents, each written once, when it was over. Rows are never changed and go only with their session.';
COMMENT ON COLUMN rpc_invocations.direction IS 'in: a participant called the agent; out: the other way.';
COMMENT ON COLUMN rpc_invocations.participant IS 'The identity of the other side.';
COMMENT ON COLUMN rpc_invocations.handler_type IS 'What answered a call in; NULL for calls out and where there was no such method.';
COMMENT ON COLUMN rpc_invocations.duration_us IS 'From the call to its outcome, in microseconds.';
COMMENT ON COLUMN rpc_invocations.payload IS 'What was sent; NULL unless the method keeps payloads. Likewise response.';

CREATE FUNCTION rpc_invocations_guard_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a line of the invocation log never changes'
        USING ERRCODE = 'check_violation', TABLE = 'rpc_invocations', CONSTRAINT = 'rpc_invocations_never_change';
END
$$;

CREATE TRIGGER rpc_invocations_guard_update BEFORE UPDATE ON rpc_invocations
    FOR EACH ROW EXECUTE FUNCTION rpc_invocations_guard_update();
