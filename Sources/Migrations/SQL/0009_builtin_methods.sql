-- Turngate answers its own methods itself. Sessions from before have none.
ALTER TABLE rpc_methods
    DROP CONSTRAINT rpc_methods_handler_type_is_known,
    ADD CONSTRAINT rpc_methods_handler_type_is_known CHECK (handler_type IN ('static', 'echo', 'builtin')),
    ADD CONSTRAINT rpc_methods_builtin_handler_of_builtin CHECK (builtin OR handler_type <> 'builtin');
