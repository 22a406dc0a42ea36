CREATE TABLE idempotency_keys (
    caller      text        NOT NULL,
    key         text        NOT NULL,
    fingerprint bytea       NOT NULL,
    claim_id    uuid        NOT NULL,
    runtime_id  uuid,
    claimed_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    made_kind   text,
    made_id     uuid,
    made_name   text,
    status      integer,
    headers     json,
    body        bytea,

    CONSTRAINT idempotency_keys_pkey PRIMARY KEY (caller, key),
    CONSTRAINT idempotency_keys_claim_id_key UNIQUE (claim_id),
    CONSTRAINT idempotency_keys_caller_length CHECK (octet_length(caller) <= 256),
    CONSTRAINT idempotency_keys_key_length CHECK (octet_length(key) BETWEEN 1 AND 255),
    CONSTRAINT idempotency_keys_fingerprint_is_a_digest CHECK (octet_length(fingerprint) = 32),
    CONSTRAINT idempotency_keys_made_kind_is_known CHECK (made_kind IN ('session', 'webhook', 'secret', 'method')),
    CONSTRAINT idempotency_keys_made_one_thing CHECK (
        CASE
            WHEN made_kind IS NULL THEN num_nonnulls(made_id, made_name) = 0
            WHEN made_kind = 'method' THEN made_id IS NULL AND made_name IS NOT NULL
            ELSE made_id IS NOT NULL AND made_name IS NULL
        END),
    CONSTRAINT idempotency_keys_status_is_final CHECK (status BETWEEN 200 AND 599),
    CONSTRAINT idempotency_keys_reply_is_whole CHECK (num_nulls(status, headers, body) IN (0, 3)),
    CONSTRAINT idempotency_keys_body_length CHECK (octet_length(body) <= 16777216)
);

COMMENT ON TABLE idempotency_keys IS
    'Calls that came with an Idempotency-Key, for a day each: who carries one out, and what was answered.';
COMMENT ON COLUMN idempotency_keys.caller IS 'Whose key; a digest of it where it is a token.';
COMMENT ON COLUMN idempotency_keys.fingerprint IS 'SHA-256 over what the call is.';
COMMENT ON COLUMN idempotency_keys.claim_id IS
    'The attempt. Another process that takes the call over, after this one''s died, puts its own.';
COMMENT ON COLUMN idempotency_keys.runtime_id IS
    'Whose process carries it out; NULL when it gave up after having made something. No foreign key: that the process is off the register is what the others look for.';
COMMENT ON COLUMN idempotency_keys.made_kind IS
    'What came of it, written in the transaction that made it: a session, a webhook, a new secret of the webhook made_id, or the default method made_name. No foreign key: it is told even when it is gone.';
COMMENT ON COLUMN idempotency_keys.status IS 'NULL until the answer is known.';

CREATE INDEX idempotency_keys_claimed_at_idx ON idempotency_keys (claimed_at);

-- Takes a key, or says what stands in the way: claimed, running, mismatch,
-- replied, made. Each statement sees what was committed before it, so that of
-- any number of callers at once one gets the claim.
CREATE FUNCTION idempotency_claim(
    wanted_caller text, wanted_key text, wanted_fingerprint bytea, claim uuid, runtime uuid, lifetime interval
) RETURNS TABLE (outcome text, made_kind text, made_id uuid, made_name text, status integer, headers json, body bytea)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    held idempotency_keys;
BEGIN
    -- A row that goes between two statements is looked for again.
    FOR attempt IN 1..10 LOOP
        INSERT INTO idempotency_keys (caller, key, fingerprint, claim_id, runtime_id)
            VALUES (wanted_caller, wanted_key, wanted_fingerprint, claim, runtime)
            ON CONFLICT (caller, key) DO NOTHING;
        IF NOT FOUND THEN
            -- Too old, or of a process that died before it had made anything.
            UPDATE idempotency_keys AS k SET
                fingerprint = wanted_fingerprint, claim_id = claim, runtime_id = runtime,
                claimed_at = clock_timestamp(), made_kind = NULL, made_id = NULL, made_name = NULL, status = NULL,
                headers = NULL, body = NULL
            WHERE k.caller = wanted_caller AND k.key = wanted_key
                AND (k.claimed_at < clock_timestamp() - lifetime
                    OR (k.status IS NULL AND k.made_kind IS NULL
                        AND k.fingerprint = wanted_fingerprint
                        AND NOT EXISTS (SELECT FROM runtimes AS r WHERE r.id = k.runtime_id)));
        END IF;
        IF FOUND THEN
            RETURN QUERY SELECT 'claimed', NULL::text, NULL::uuid, NULL::text, NULL::integer, NULL::json, NULL::bytea;
            RETURN;
        END IF;
        -- Of a process that died, or gave up, after it had made something: one
        -- asker gets it, to answer in its place.
        UPDATE idempotency_keys AS k SET claim_id = claim, runtime_id = runtime
        WHERE k.caller = wanted_caller AND k.key = wanted_key AND k.status IS NULL
            AND k.fingerprint = wanted_fingerprint AND k.made_kind IS NOT NULL
            AND NOT EXISTS (SELECT FROM runtimes AS r WHERE r.id = k.runtime_id);
        SELECT * INTO held FROM idempotency_keys AS k WHERE k.caller = wanted_caller AND k.key = wanted_key;
        EXIT WHEN FOUND;
    END LOOP;
    RETURN QUERY SELECT
        CASE
            -- Taken over just now, or the same attempt once more, its reply
            -- having been lost.
            WHEN held.claim_id = claim AND held.status IS NULL THEN
                CASE WHEN held.made_kind IS NOT NULL THEN 'made' ELSE 'claimed' END
            WHEN held.fingerprint <> wanted_fingerprint THEN 'mismatch'
            WHEN held.status IS NOT NULL THEN 'replied'
            ELSE 'running'
        END,
        held.made_kind, held.made_id, held.made_name, held.status, held.headers, held.body;
END
$$;

-- Ties a claim to what the transaction around it makes. Fails, and the
-- transaction with it, when the claim is another process's by now.
CREATE FUNCTION idempotency_bind(claim uuid, kind text, id uuid, name text) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE idempotency_keys AS k SET made_kind = kind, made_id = id, made_name = name
        WHERE k.claim_id = claim AND k.status IS NULL
            AND (k.made_kind IS NULL
                OR (k.made_kind, k.made_id, k.made_name) IS NOT DISTINCT FROM (kind, id, name));
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the claim is not held any more'
            USING ERRCODE = 'serialization_failure', TABLE = 'idempotency_keys',
                CONSTRAINT = 'idempotency_keys_claim_is_held';
    END IF;
    RETURN true;
END
$$;
