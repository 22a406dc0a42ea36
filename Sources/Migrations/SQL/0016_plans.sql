-- Each of these looks rows up by their keys, and keeps its plans as long as its
-- connection lasts: one that was made while a table had a page or two went
-- through the whole table ever after, for each row of a batch. And planned once:
-- planning anew for a batch of one took longer than the work (as in 0010).
ALTER FUNCTION sessions_open_to_journal(uuid[]) SET enable_seqscan = off;
ALTER FUNCTION sessions_open_to_journal(uuid[]) SET plan_cache_mode = force_generic_plan;
ALTER FUNCTION sessions_guard_addition() SET enable_seqscan = off;
ALTER FUNCTION sessions_guard_addition() SET plan_cache_mode = force_generic_plan;
ALTER FUNCTION agent_state_transitions_guard_insert() SET enable_seqscan = off;
ALTER FUNCTION agent_state_transitions_guard_insert() SET plan_cache_mode = force_generic_plan;
ALTER FUNCTION sessions_end_turns() SET enable_seqscan = off;

-- As in 0015, but for the language: a function in SQL is planned anew in each
-- transaction, which took ten times as long as the text.
CREATE OR REPLACE FUNCTION session_text(session_id uuid) RETURNS text LANGUAGE plpgsql STABLE STRICT
SET enable_seqscan = off
SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
    RETURN (
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
    );
END
$$;
