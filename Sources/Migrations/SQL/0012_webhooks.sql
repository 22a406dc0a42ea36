CREATE TABLE webhooks (
    id                         uuid        NOT NULL,
    session_id                 uuid,
    url                        text        NOT NULL,
    events                     text[]      NOT NULL,
    description                text,
    secret                     text        NOT NULL,
    previous_secret            text,
    previous_secret_expires_at timestamptz,
    revision                   bigint      NOT NULL DEFAULT 1,
    created_at                 timestamptz NOT NULL,
    disabled_at                timestamptz,
    disabled_reason            text,
    deleted_at                 timestamptz,
    discarded_through          bigint      NOT NULL DEFAULT 0,
    discarding                 boolean     NOT NULL DEFAULT false,

    CONSTRAINT webhooks_pkey PRIMARY KEY (id),
    CONSTRAINT webhooks_session_id_fkey FOREIGN KEY (session_id) REFERENCES sessions (id) ON DELETE CASCADE,
    CONSTRAINT webhooks_url_length CHECK (octet_length(url) BETWEEN 1 AND 2048),
    CONSTRAINT webhooks_events_are_words
        CHECK (cardinality(events) <= 256 AND array_position(events, NULL) IS NULL
               AND octet_length(array_to_string(events, ' ')) <= 16384),
    CONSTRAINT webhooks_description_length CHECK (octet_length(description) <= 4096),
    CONSTRAINT webhooks_secret_length
        CHECK (octet_length(secret) BETWEEN 1 AND 256 AND octet_length(previous_secret) BETWEEN 1 AND 256),
    CONSTRAINT webhooks_previous_secret_expires
        CHECK ((previous_secret IS NULL) = (previous_secret_expires_at IS NULL)),
    CONSTRAINT webhooks_disabled_reason_is_known CHECK (disabled_reason IN ('api', 'gone')),
    CONSTRAINT webhooks_disabled_for_a_reason CHECK ((disabled_at IS NULL) = (disabled_reason IS NULL)),
    CONSTRAINT webhooks_discarded_through_is_position CHECK (discarded_through >= 0)
);

-- Who is told of an event: the webhooks of its own session, and these few.
CREATE INDEX webhooks_session_id_id_idx ON webhooks (session_id, id) WHERE session_id IS NOT NULL;
CREATE INDEX webhooks_service_idx ON webhooks (id) WHERE session_id IS NULL AND deleted_at IS NULL;
-- What the purge looks for.
CREATE INDEX webhooks_leaving_idx ON webhooks (id)
    WHERE discarding OR deleted_at IS NOT NULL OR disabled_at IS NOT NULL;

COMMENT ON TABLE webhooks IS
    'Whom to tell of events over HTTP. A deleted one stays, seen by nobody, until what hangs on it is purged.';
COMMENT ON COLUMN webhooks.session_id IS 'Only the events of this session; NULL: those of all.';
COMMENT ON COLUMN webhooks.events IS 'The types of the events; empty: all.';
COMMENT ON COLUMN webhooks.secret IS 'What signs the deliveries, as text: signing needs it. Never shown again after it was made.';
COMMENT ON COLUMN webhooks.previous_secret IS 'Signs beside secret until it expires.';
COMMENT ON COLUMN webhooks.revision IS 'Grows with each change, so that whoever is delivering sees that there was one.';
COMMENT ON COLUMN webhooks.discarded_through IS
    'Nothing of what stands at or before this position is delivered any more.';
COMMENT ON COLUMN webhooks.discarding IS
    'Whether deliveries up to discarded_through may still say pending; the purge sees to them.';

-- The limits hold whoever makes webhooks, also two at once: the lock is held
-- until the commit, and the statement after it has a snapshot of its own.
CREATE FUNCTION webhooks_guard_insert() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM added WHERE session_id IS NULL) THEN
        PERFORM pg_advisory_xact_lock(8391739299149541227); -- any number but that of events_add
        IF (SELECT count(*) FROM webhooks WHERE session_id IS NULL AND deleted_at IS NULL) > 100 THEN
            RAISE EXCEPTION 'at most 100 webhooks for all sessions'
                USING ERRCODE = 'check_violation', TABLE = 'webhooks', CONSTRAINT = 'webhooks_at_most_100';
        END IF;
    END IF;
    -- Of one session only one adds at a time: its row is the lock.
    PERFORM FROM sessions WHERE id IN (SELECT session_id FROM added) ORDER BY id FOR NO KEY UPDATE;
    IF EXISTS (
        SELECT FROM webhooks WHERE session_id IN (SELECT session_id FROM added) AND deleted_at IS NULL
        GROUP BY session_id HAVING count(*) > 5
    ) THEN
        RAISE EXCEPTION 'at most 5 webhooks of one session'
            USING ERRCODE = 'check_violation', TABLE = 'webhooks', CONSTRAINT = 'webhooks_at_most_5_of_a_session';
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER webhooks_guard_insert AFTER INSERT ON webhooks
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION webhooks_guard_insert();

CREATE TABLE webhook_lanes (
    webhook_id       uuid        NOT NULL,
    session_id       uuid        NOT NULL,
    last_position    bigint      NOT NULL,
    through          bigint      NOT NULL DEFAULT 0,
    due_at           timestamptz NOT NULL,
    failing_since    timestamptz,
    lease            uuid,
    lease_expires_at timestamptz,

    CONSTRAINT webhook_lanes_pkey PRIMARY KEY (webhook_id, session_id),
    CONSTRAINT webhook_lanes_webhook_id_fkey FOREIGN KEY (webhook_id) REFERENCES webhooks (id) ON DELETE CASCADE,
    CONSTRAINT webhook_lanes_session_id_fkey FOREIGN KEY (session_id) REFERENCES sessions (id) ON DELETE CASCADE,
    CONSTRAINT webhook_lanes_lease_expires CHECK ((lease IS NULL) = (lease_expires_at IS NULL))
) WITH (fillfactor = 80);

-- The lanes in which something waits; a session's, when it goes.
CREATE INDEX webhook_lanes_waiting_idx ON webhook_lanes (webhook_id, due_at) WHERE last_position > through;
CREATE INDEX webhook_lanes_session_id_idx ON webhook_lanes (session_id);

COMMENT ON TABLE webhook_lanes IS
    'What one webhook is told of one session, in order. Who adds an event raises last_position, who is done with one raises through, both in this row: while the first is higher something waits, and neither can overlook the other.';
COMMENT ON COLUMN webhook_lanes.last_position IS 'The event that came last.';
COMMENT ON COLUMN webhook_lanes.through IS 'Up to this event all is over, however it came to that.';
COMMENT ON COLUMN webhook_lanes.due_at IS
    'When the first that waits is to be tried (again). Lanes are taken in this order, so it is never set to before the present: who was not yet tried would pass all others.';
COMMENT ON COLUMN webhook_lanes.failing_since IS 'When the first attempt failed since the last that did not; NULL: none.';
COMMENT ON COLUMN webhook_lanes.lease IS
    'Whose it is at present, until lease_expires_at by this database''s clock; NULL: nobody''s.';

CREATE TABLE webhook_deliveries (
    id               uuid        NOT NULL,
    webhook_id       uuid        NOT NULL,
    session_id       uuid,
    position         bigint,
    event_id         uuid,
    event_type       text        NOT NULL,
    status           text        NOT NULL,
    attempts         integer     NOT NULL DEFAULT 0,
    created_at       timestamptz NOT NULL,
    last_attempt_at  timestamptz,
    last_status      integer,
    last_error       text,
    last_duration_us bigint,
    settled_at       timestamptz,

    CONSTRAINT webhook_deliveries_pkey PRIMARY KEY (id),
    -- The order in a lane, and no event twice in one.
    CONSTRAINT webhook_deliveries_lane_key UNIQUE (webhook_id, session_id, position),
    CONSTRAINT webhook_deliveries_webhook_id_fkey FOREIGN KEY (webhook_id) REFERENCES webhooks (id) ON DELETE CASCADE,
    CONSTRAINT webhook_deliveries_lane_fkey
        FOREIGN KEY (webhook_id, session_id) REFERENCES webhook_lanes (webhook_id, session_id) ON DELETE CASCADE,
    CONSTRAINT webhook_deliveries_status_is_known CHECK (status IN ('pending', 'delivered', 'failed', 'discarded')),
    CONSTRAINT webhook_deliveries_settled_when_over CHECK ((settled_at IS NULL) = (status = 'pending')),
    CONSTRAINT webhook_deliveries_event_or_test
        CHECK (num_nulls(session_id, position, event_id) IN (0, 3) AND (position IS NOT NULL OR status <> 'pending')),
    CONSTRAINT webhook_deliveries_attempts_are_positive CHECK (attempts >= 0 AND last_duration_us >= 0),
    CONSTRAINT webhook_deliveries_error_length CHECK (octet_length(last_error) <= 1024)
) WITH (fillfactor = 80);

-- A webhook's log is read newest first, by status: ids sort by time.
CREATE INDEX webhook_deliveries_list_idx ON webhook_deliveries (webhook_id, status, id);
-- The purge, and the count of what waits (settled_at is NULL there).
CREATE INDEX webhook_deliveries_settled_idx ON webhook_deliveries (status, settled_at);

COMMENT ON TABLE webhook_deliveries IS
    'The outbox and the log of it: one event on its way to one webhook. A test has no event.';
COMMENT ON COLUMN webhook_deliveries.position IS 'The event''s. No foreign key: both go with their session.';
COMMENT ON COLUMN webhook_deliveries.created_at IS 'When the event was written down.';
COMMENT ON COLUMN webhook_deliveries.last_error IS 'A sentence for the operator.';

-- UUIDv7 with a counter behind the milliseconds (RFC 9562, section 6.2,
-- method 1), so that what is made at once still sorts.
CREATE FUNCTION webhook_delivery_id(at timestamptz, n bigint) RETURNS uuid LANGUAGE sql VOLATILE STRICT AS $$
    SELECT encode(
        overlay(
            uuid_send(turngate_uuid(at + n / 4096 * interval '1 millisecond'))
            PLACING substring(int4send(28672 + (n % 4096)::integer) FROM 3) FROM 7 FOR 2),
        'hex')::uuid
$$;

COMMENT ON FUNCTION webhook_delivery_id(timestamptz, bigint) IS
    'A new UUIDv7 of that moment, the n-th of it from 0.';

-- Part of the transaction that writes the events: either both are there or
-- none. Lanes are locked in one order, and nothing that delivers ever waits
-- for the lock of events_add.
CREATE FUNCTION events_enqueue_webhooks() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    moment CONSTANT timestamptz := clock_timestamp();
BEGIN
    IF NOT EXISTS (SELECT FROM webhooks) THEN
        RETURN NULL;
    END IF;
    WITH wanted AS MATERIALIZED (
        SELECT webhooks.id AS webhook_id, added.session_id, added.position, added.id AS event_id, added.type
        FROM added
        JOIN webhooks ON webhooks.session_id = added.session_id
        WHERE webhooks.disabled_at IS NULL AND webhooks.deleted_at IS NULL
            AND (webhooks.events = '{}' OR added.type = ANY (webhooks.events))
        UNION ALL
        SELECT webhooks.id, added.session_id, added.position, added.id, added.type
        FROM added
        JOIN webhooks ON webhooks.session_id IS NULL
        WHERE webhooks.disabled_at IS NULL AND webhooks.deleted_at IS NULL
            AND (webhooks.events = '{}' OR added.type = ANY (webhooks.events))
    ), lanes AS (
        INSERT INTO webhook_lanes AS lane (webhook_id, session_id, last_position, due_at)
        SELECT webhook_id, session_id, max(position), moment FROM wanted
        GROUP BY webhook_id, session_id ORDER BY webhook_id, session_id
        ON CONFLICT (webhook_id, session_id) DO UPDATE SET
            last_position = greatest(lane.last_position, excluded.last_position),
            -- To the end of the line, if it was empty.
            due_at = CASE WHEN lane.last_position > lane.through THEN lane.due_at ELSE excluded.due_at END
    )
    INSERT INTO webhook_deliveries (id, webhook_id, session_id, position, event_id, event_type, status, created_at)
    SELECT webhook_delivery_id(moment, row_number() OVER (ORDER BY position, webhook_id) - 1),
        webhook_id, session_id, position, event_id, type, 'pending', moment
    FROM wanted;
    RETURN NULL;
END
$$;

CREATE TRIGGER events_enqueue_webhooks AFTER INSERT ON events
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION events_enqueue_webhooks();
