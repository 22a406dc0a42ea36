import Postgres

/// The statements that empty the outbox. Who has a lease is judged by the
/// database's clock, what is due by this or the caller's, whichever is ahead:
/// what is to be tried at once bears the database's time, a retry the caller's.
enum OutboxStatements {
    /// Walks through the webhooks that have something waiting, one look into the
    /// index for each, so that a webhook with thousands of lanes costs no more
    /// than one with a single lane.
    static let claim = PostgresStatement(
        name: "outbox_claim",
        sql: """
            WITH RECURSIVE waiting AS (
                (SELECT webhook_id FROM webhook_lanes
                 WHERE last_position > through AND webhook_id > $7 ORDER BY webhook_id LIMIT 1)
                UNION ALL
                SELECT (SELECT l.webhook_id FROM webhook_lanes AS l
                        WHERE l.last_position > l.through AND l.webhook_id > waiting.webhook_id
                        ORDER BY l.webhook_id LIMIT 1)
                FROM waiting WHERE waiting.webhook_id IS NOT NULL
            ), due AS MATERIALIZED (
                SELECT lane.webhook_id, lane.session_id, w.discarded_through
                FROM waiting
                JOIN webhooks AS w ON w.id = waiting.webhook_id AND w.disabled_at IS NULL AND w.deleted_at IS NULL
                LEFT JOIN unnest($4::uuid[], $5::bigint[]) AS known (id, room) ON known.id = w.id
                CROSS JOIN LATERAL (
                    SELECT l.webhook_id, l.session_id FROM webhook_lanes AS l
                    WHERE l.webhook_id = w.id AND l.last_position > l.through
                        AND l.due_at <= greatest($1, statement_timestamp())
                        AND (l.lease_expires_at IS NULL OR l.lease_expires_at < clock_timestamp())
                    ORDER BY l.due_at LIMIT coalesce(known.room, $6) FOR UPDATE SKIP LOCKED
                ) AS lane
                LIMIT $8
            )
            UPDATE webhook_lanes AS l SET
                lease = $3, lease_expires_at = clock_timestamp() + $2::bigint * interval '1 microsecond',
                through = greatest(l.through, due.discarded_through)
            FROM due WHERE l.webhook_id = due.webhook_id AND l.session_id = due.session_id
            RETURNING l.webhook_id, l.session_id
            """)

    /// No row when the lane is somebody else's; one without a position when
    /// nothing waits in it. All of one snapshot, so that `last_position` says up
    /// to where that holds.
    static let batch = PostgresStatement(
        name: "outbox_batch",
        sql: """
            SELECT w.url, w.secret, w.revision, l.last_position, l.failing_since,
                CASE WHEN w.previous_secret_expires_at > clock_timestamp() THEN w.previous_secret END
                    AS previous_secret,
                waiting.position, waiting.event_id, waiting.event_type, waiting.attempts, waiting.created_at,
                waiting.traceparent, waiting.body
            FROM webhook_lanes AS l
            JOIN webhooks AS w ON w.id = l.webhook_id AND w.disabled_at IS NULL AND w.deleted_at IS NULL
            LEFT JOIN LATERAL (
                SELECT counted.* FROM (
                    SELECT head.position, head.event_id, head.event_type, head.attempts, head.created_at,
                        e.traceparent, events_envelope(e) AS body,
                        sum(octet_length(e.data::text)) OVER (ORDER BY head.position) - octet_length(e.data::text)
                            AS bytes_before
                    FROM (
                        SELECT * FROM webhook_deliveries AS d
                        WHERE d.webhook_id = l.webhook_id AND d.session_id = l.session_id AND d.status = 'pending'
                            AND d.position > greatest(l.through, w.discarded_through)
                        ORDER BY d.position LIMIT $4
                    ) AS head
                    JOIN events AS e ON e.position = head.position
                ) AS counted
                WHERE counted.bytes_before < $5
            ) AS waiting ON true
            WHERE l.webhook_id = $1 AND l.session_id = $2 AND l.lease = $3
            ORDER BY waiting.position
            """)

    /// One row when the lane was the caller's, else none and nothing done. A
    /// delivery that was discarded meanwhile stays so unless the receiver took it.
    static let settle = PostgresStatement(
        name: "outbox_settle",
        sql: """
            WITH lane AS (
                UPDATE webhook_lanes SET
                    through = CASE WHEN $5 = 'pending' THEN through ELSE greatest(through, $4) END,
                    due_at = coalesce($6::timestamptz, clock_timestamp()),
                    failing_since = CASE WHEN $5 <> 'delivered' THEN coalesce(failing_since, $7) END,
                    lease = CASE WHEN $5 <> 'pending' THEN lease END,
                    lease_expires_at = CASE
                        WHEN $5 <> 'pending' THEN clock_timestamp() + $11::bigint * interval '1 microsecond'
                    END
                WHERE webhook_id = $1 AND session_id = $2 AND lease = $3
                RETURNING webhook_id
            ), delivery AS (
                UPDATE webhook_deliveries AS d SET
                    status = CASE WHEN $5 = 'pending' THEN d.status ELSE $5 END,
                    settled_at = CASE WHEN $5 = 'pending' THEN d.settled_at ELSE clock_timestamp() END,
                    attempts = d.attempts + 1, last_attempt_at = $7, last_status = $8, last_error = $9,
                    last_duration_us = $10
                FROM lane WHERE d.webhook_id = $1 AND d.session_id = $2 AND d.position = $4
            )
            SELECT w.revision FROM lane JOIN webhooks AS w ON w.id = lane.webhook_id
            """)

    static let release = PostgresStatement(
        name: "outbox_release",
        sql: """
            UPDATE webhook_lanes SET
                lease = NULL, lease_expires_at = NULL, due_at = coalesce($4::timestamptz, due_at),
                through = greatest(through, $5::bigint)
            WHERE webhook_id = $1 AND session_id = $2 AND lease = $3
            """)

    /// Events that are not to be seen yet come to stand after all that are, so
    /// what comes once the webhook is at work again is not discarded.
    static let gone = PostgresStatement(
        name: "outbox_gone",
        sql: """
            UPDATE webhooks SET
                disabled_at = clock_timestamp(), disabled_reason = 'gone', revision = revision + 1, discarding = true,
                discarded_through = (SELECT coalesce(max(position), 0) FROM events)
            WHERE id = $1 AND url = $2 AND disabled_at IS NULL AND deleted_at IS NULL
            """)

    static let target = PostgresStatement(
        name: "outbox_target",
        sql: """
            SELECT url, secret, revision,
                CASE WHEN previous_secret_expires_at > clock_timestamp() THEN previous_secret END AS previous_secret
            FROM webhooks WHERE id = $1 AND deleted_at IS NULL
            """)

    /// Nothing when the webhook is gone by now.
    static let record = PostgresStatement(
        name: "outbox_record",
        sql: """
            INSERT INTO webhook_deliveries (
                id, webhook_id, event_type, status, attempts, created_at, last_attempt_at, last_status, last_error,
                last_duration_us, settled_at)
            SELECT $1, id, $3, $4, $5, $6, $7, $8, $9, $10, clock_timestamp() FROM webhooks WHERE id = $2
            ON CONFLICT (id) DO NOTHING
            """)

    static let backlog = PostgresStatement(
        name: "outbox_backlog",
        sql: """
            SELECT count(*) AS count
            FROM (
                SELECT FROM webhook_deliveries WHERE status = 'pending' AND settled_at IS NULL LIMIT 100000
            ) AS waiting
            """)
}
