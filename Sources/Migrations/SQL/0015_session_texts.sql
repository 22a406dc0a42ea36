CREATE TABLE session_texts (
    session_id uuid NOT NULL,
    json       text NOT NULL,

    CONSTRAINT session_texts_pkey PRIMARY KEY (session_id),
    CONSTRAINT session_texts_session_id_fkey FOREIGN KEY (session_id) REFERENCES sessions (id) ON DELETE CASCADE
);

COMMENT ON TABLE session_texts IS
    'Sessions that are over, as the API shows them. Made out of the other tables, and only to be read: where a row is missing, the service reads those.';

-- Ten times what it takes to read the finished text. NULL where the service
-- would write something else: for control characters that JSON has two
-- spellings for, and for names whose order depends on more than their bytes.
CREATE FUNCTION session_text(session_id uuid) RETURNS text LANGUAGE sql STABLE STRICT AS $$
    SELECT CASE WHEN maps.are_plain AND strpos(shown.json, '\b') = 0 AND strpos(shown.json, '\f') = 0 THEN shown.json END
    FROM sessions
    CROSS JOIN LATERAL (
        SELECT new_state, at FROM agent_state_transitions
        WHERE agent_state_transitions.session_id = sessions.id ORDER BY seq DESC LIMIT 1
    ) AS last
    CROSS JOIN LATERAL (
        SELECT
            (SELECT string_agg(to_json(key) || ':' || to_json(value), ',' ORDER BY key COLLATE "C")
                FROM jsonb_each_text(sessions.agent_attributes)) AS attributes,
            (SELECT string_agg(to_json(key) || ':' || to_json(value), ',' ORDER BY key COLLATE "C")
                FROM jsonb_each_text(sessions.labels)) AS labels,
            (SELECT string_agg(to_json(name)::text, ',' ORDER BY name COLLATE "C")
                FROM rpc_methods WHERE rpc_methods.session_id = sessions.id) AS methods,
            NOT EXISTS (
                SELECT FROM (
                    SELECT jsonb_object_keys(sessions.agent_attributes)
                    UNION ALL SELECT jsonb_object_keys(sessions.labels)
                    UNION ALL SELECT name FROM rpc_methods WHERE rpc_methods.session_id = sessions.id
                ) AS names (name)
                WHERE octet_length(name) <> char_length(name)
            ) AS are_plain
    ) AS maps
    CROSS JOIN LATERAL (
        SELECT '{"id":"' || turngate_id('ses', sessions.id)
            || '","room":' || to_json(room)
            || ',"status":"' || status
            || '","agent_state":"' || last.new_state
            || '","agent_state_since":"' || turngate_time(last.at)
            || '","agent":{"identity":' || to_json(agent_identity)
            || ',"name":' || to_json(agent_name)
            || ',"sid":' || coalesce(to_json(agent_sid)::text, 'null')
            || ',"metadata":' || to_json(agent_metadata)
            || ',"attributes":{' || coalesce(maps.attributes, '')
            || '}},"room_sid":' || coalesce(to_json(room_sid)::text, 'null')
            || ',"audio_input":{"enabled":false,"reason":"unavailable","note":null,"since":"' || turngate_time(created_at)
            || '"},"turn":null,"floor":{"holder":null,"queue":[],"offered_to":null},"participants":[]'
            || ',"rpc_methods":[' || coalesce(maps.methods, '')
            || '],"turn_policy":{"mode":' || (turn_policy -> 'mode')
            || ',"notify_on":' || replace((turn_policy -> 'notify_on')::text, ' ', '')
            || ',"open_audio_on":' || replace((turn_policy -> 'open_audio_on')::text, ' ', '')
            || ',"close_audio_on":' || replace((turn_policy -> 'close_audio_on')::text, ' ', '')
            || ',"notification":{"method":' || (turn_policy #> '{notification,method}')
            || ',"payload":' || (turn_policy #> '{notification,payload}')
            || ',"response_timeout_ms":' || (turn_policy #> '{notification,response_timeout_ms}')
            || '},"pre_roll_ms":' || (turn_policy -> 'pre_roll_ms')
            || ',"max_turn_ms":' || (turn_policy -> 'max_turn_ms')
            || ',"closed_gate":' || (turn_policy -> 'closed_gate')
            || ',"keep_turn_audio":' || (turn_policy -> 'keep_turn_audio')
            || ',"align":' || (turn_policy -> 'align')
            || ',"allow_interruptions":' || (turn_policy -> 'allow_interruptions')
            || '},"labels":{' || coalesce(maps.labels, '')
            || '},"metadata":' || metadata
            || ',"max_duration_s":' || coalesce(max_duration_ms, 0) / 1000
            || ',"empty_timeout_s":' || coalesce(empty_timeout_ms, 0) / 1000
            || ',"created_at":"' || turngate_time(created_at)
            || '","activated_at":' || coalesce('"' || turngate_time(activated_at) || '"', 'null')
            || ',"ended_at":"' || turngate_time(ended_at)
            || '","end_reason":"' || end_reason
            || '","end_detail":' || coalesce(to_json(end_detail)::text, 'null') || '}' AS json
    ) AS shown
    WHERE sessions.id = session_text.session_id AND status IN ('ended', 'failed')
$$;

COMMENT ON FUNCTION session_text(uuid) IS
    'A session that is over as the API shows it, byte for byte; NULL for others, and where that takes the service. Who changes the API''s form of a session changes this in a new migration, which empties session_texts.';

-- Whatever ends a session (the journal, a burial, an operator) leaves its text.
CREATE FUNCTION sessions_leave_text() RETURNS trigger LANGUAGE plpgsql
SET enable_seqscan = off -- also where the tables were small when it was planned
AS $$
BEGIN
    INSERT INTO session_texts (session_id, json)
    SELECT new.id, made.json FROM (SELECT session_text(new.id) AS json) AS made WHERE made.json IS NOT NULL;
    RETURN NULL;
END
$$;

CREATE TRIGGER sessions_leave_text AFTER UPDATE ON sessions
    FOR EACH ROW WHEN (new.status IN ('ended', 'failed') AND old.status NOT IN ('ended', 'failed'))
    EXECUTE FUNCTION sessions_leave_text();

-- Of all that a text is made of, only methods can come and go after the end,
-- when one was on its way. The session's lock makes it safe: either its end
-- sees the method, or this sees the text. Where the service adds and removes
-- methods it has the lock already, as journal batches take it first, too.
CREATE FUNCTION session_texts_forget() RETURNS trigger LANGUAGE plpgsql
SET enable_seqscan = off
AS $$
DECLARE
    session_ids CONSTANT uuid[] := ARRAY(SELECT DISTINCT changed.session_id FROM changed);
BEGIN
    PERFORM FROM sessions WHERE id = ANY (session_ids) ORDER BY id FOR NO KEY UPDATE;
    DELETE FROM session_texts WHERE session_id = ANY (session_ids);
    RETURN NULL;
END
$$;

CREATE TRIGGER rpc_methods_forget_text_insert AFTER INSERT ON rpc_methods
    REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION session_texts_forget();
CREATE TRIGGER rpc_methods_forget_text_delete AFTER DELETE ON rpc_methods
    REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION session_texts_forget();
