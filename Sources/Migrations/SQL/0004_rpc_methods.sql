CREATE TABLE rpc_methods (
    session_id       uuid             NOT NULL,
    name             text             NOT NULL,
    position         bigint           NOT NULL GENERATED ALWAYS AS IDENTITY,
    description      text,
    handler_type     text             NOT NULL,
    static_response  text,
    builtin          boolean          NOT NULL,
    registered_at    timestamptz      NOT NULL,
    calls            bigint           NOT NULL DEFAULT 0,
    errors           bigint           NOT NULL DEFAULT 0,
    total_latency_ms double precision NOT NULL DEFAULT 0,
    max_latency_ms   double precision NOT NULL DEFAULT 0,
    last_called_at   timestamptz,

    CONSTRAINT rpc_methods_pkey PRIMARY KEY (session_id, name),
    CONSTRAINT rpc_methods_session_id_fkey FOREIGN KEY (session_id) REFERENCES sessions (id) ON DELETE CASCADE,
    CONSTRAINT rpc_methods_name_length CHECK (octet_length(name) BETWEEN 1 AND 256),
    CONSTRAINT rpc_methods_description_length CHECK (octet_length(description) <= 65536),
    CONSTRAINT rpc_methods_handler_type_is_known CHECK (handler_type IN ('static', 'echo')),
    CONSTRAINT rpc_methods_static_response_of_static CHECK ((static_response IS NOT NULL) = (handler_type = 'static')),
    CONSTRAINT rpc_methods_static_response_length CHECK (octet_length(static_response) <= 1048576),
    CONSTRAINT rpc_methods_usage_adds_up
        CHECK (errors BETWEEN 0 AND calls AND (calls = 0) = (last_called_at IS NULL)
               AND max_latency_ms >= 0 AND total_latency_ms >= 0)
);

COMMENT ON TABLE rpc_methods IS 'The methods that a session''s agent has registered with its room, with what has come of them.';
COMMENT ON COLUMN rpc_methods.position IS 'The order in which methods were given; means nothing else.';
COMMENT ON COLUMN rpc_methods.builtin IS 'Turngate''s own: cannot be replaced or removed.';
