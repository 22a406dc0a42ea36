import Postgres

/// The statements about webhooks themselves, and the log of their deliveries.
enum WebhookStatements {
    /// Run again after a lost reply it finds the webhook there and does nothing.
    static let insert = PostgresStatement(
        name: "webhook_insert",
        sql: """
            INSERT INTO webhooks (id, session_id, url, events, description, secret, created_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7)
            ON CONFLICT (id) DO NOTHING
            """)

    static let one = PostgresStatement(
        name: "webhook_one", sql: "SELECT \(columns) FROM webhooks WHERE id = $1 AND deleted_at IS NULL")

    /// Newest first; `$2` is where to go on.
    static let list = PostgresStatement(
        name: "webhook_list",
        sql: """
            SELECT \(columns) FROM webhooks
            WHERE deleted_at IS NULL AND id < coalesce($2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
            ORDER BY id DESC LIMIT $1
            """)

    /// The same of one session, `$3`.
    static let listOfSession = PostgresStatement(
        name: "webhook_list_session",
        sql: """
            SELECT \(columns) FROM webhooks
            WHERE session_id = $3 AND deleted_at IS NULL
                AND id < coalesce($2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
            ORDER BY id DESC LIMIT $1
            """)

    /// What is NULL stays. Disabling what is disabled keeps since when and why.
    static let update = PostgresStatement(
        name: "webhook_update",
        sql: """
            UPDATE webhooks SET
                url = coalesce($2, url), events = coalesce($3::text[], events),
                description = coalesce($4, description), revision = revision + 1,
                disabled_at = CASE
                    WHEN $5::boolean THEN NULL
                    WHEN NOT $5::boolean THEN coalesce(disabled_at, clock_timestamp())
                    ELSE disabled_at
                END,
                disabled_reason = CASE
                    WHEN $5::boolean THEN NULL
                    WHEN NOT $5::boolean THEN coalesce(disabled_reason, 'api')
                    ELSE disabled_reason
                END
            WHERE id = $1 AND deleted_at IS NULL
            RETURNING \(columns)
            """)

    /// What waits is tried at once: after the webhook was put to work again, or
    /// given another URL. `$2` lanes at most, those due first, locked in the order
    /// in which events lock them; to be run until it touches fewer.
    static let hurry = PostgresStatement(
        name: "webhook_hurry",
        sql: """
            WITH late AS MATERIALIZED (
                SELECT webhook_id, session_id FROM webhook_lanes
                WHERE webhook_id = $1 AND last_position > through AND due_at > statement_timestamp()
                ORDER BY due_at LIMIT $2
            ), held AS MATERIALIZED (
                SELECT l.webhook_id, l.session_id
                FROM late JOIN webhook_lanes AS l ON l.webhook_id = late.webhook_id AND l.session_id = late.session_id
                ORDER BY l.webhook_id, l.session_id FOR UPDATE OF l
            )
            UPDATE webhook_lanes AS l SET due_at = statement_timestamp()
            FROM held WHERE l.webhook_id = held.webhook_id AND l.session_id = held.session_id
            """)

    static let delete = PostgresStatement(
        name: "webhook_delete",
        sql: """
            UPDATE webhooks SET deleted_at = clock_timestamp(), revision = revision + 1
            WHERE id = $1 AND deleted_at IS NULL
            """)

    /// `$3` is how long the present secret stays valid, in microseconds; NULL:
    /// it goes, and the one before it is not touched. `$4` is the claim that is
    /// bound to it, or NULL.
    static let rotate = PostgresStatement(
        name: "webhook_rotate",
        sql: """
            UPDATE webhooks SET
                secret = $2, revision = revision + 1,
                previous_secret = CASE
                    WHEN $3::bigint IS NULL THEN previous_secret
                    WHEN $3::bigint > 0 THEN secret
                END,
                previous_secret_expires_at = CASE
                    WHEN $3::bigint IS NULL THEN previous_secret_expires_at
                    WHEN $3::bigint > 0 THEN clock_timestamp() + $3::bigint * interval '1 microsecond'
                END
            WHERE id = $1 AND deleted_at IS NULL
            RETURNING \(columns),
                CASE WHEN $4::uuid IS NOT NULL THEN idempotency_bind($4::uuid, 'secret', id, NULL) END AS bound
            """)

    /// Newest first, of the statuses `$4`: the newest of each one by the index,
    /// and of these the newest.
    static let deliveries = PostgresStatement(
        name: "webhook_deliveries",
        sql: """
            SELECT one.id, one.webhook_id, one.session_id, one.event_id, one.event_type, one.status, one.attempts,
                one.created_at, one.last_attempt_at, one.last_status, one.last_error, one.last_duration_us,
                CASE WHEN one.status = 'pending' THEN greatest(one.created_at, lane.due_at) END AS next_attempt_at
            FROM unnest($4::text[]) AS wanted (status)
            CROSS JOIN LATERAL (
                SELECT * FROM webhook_deliveries AS d
                WHERE d.webhook_id = $1 AND d.status = wanted.status
                    AND d.id < coalesce($3::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
                ORDER BY d.id DESC LIMIT $2
            ) AS one
            LEFT JOIN webhook_lanes AS lane ON lane.webhook_id = one.webhook_id AND lane.session_id = one.session_id
            ORDER BY one.id DESC LIMIT $2
            """)

    private static let columns = """
        id, session_id, url, events, description, created_at, disabled_at, disabled_reason,
        CASE WHEN previous_secret_expires_at > clock_timestamp() THEN previous_secret_expires_at END
            AS previous_secret_expires_at
        """
}
