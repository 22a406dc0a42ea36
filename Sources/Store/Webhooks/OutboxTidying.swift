import Postgres

/// The statements that tidy up the outbox, each at most `$1` rows of it.
enum OutboxTidying {
    /// What waits for a webhook that was disabled too long ago is discarded.
    static let expire = PostgresStatement(
        name: "outbox_expire",
        sql: """
            UPDATE webhooks AS w SET
                discarding = true, discarded_through = (SELECT coalesce(max(position), 0) FROM events)
            WHERE w.disabled_at < clock_timestamp() - $1::bigint * interval '1 microsecond'
                AND w.deleted_at IS NULL AND NOT w.discarding
                AND EXISTS (SELECT FROM webhook_lanes AS l WHERE l.webhook_id = w.id AND l.last_position > l.through)
            """)

    static let discardDeliveries = PostgresStatement(
        name: "outbox_discard_deliveries",
        sql: """
            UPDATE webhook_deliveries SET status = 'discarded', settled_at = clock_timestamp()
            WHERE status = 'pending' AND id IN (
                SELECT one.id FROM webhooks AS w
                CROSS JOIN LATERAL (
                    SELECT d.id FROM webhook_deliveries AS d
                    WHERE d.webhook_id = w.id AND d.status = 'pending' AND d.position <= w.discarded_through
                    ORDER BY d.id LIMIT $1
                ) AS one
                WHERE w.discarding LIMIT $1
            )
            """)

    /// Past lanes whose rows somebody is at.
    static let emptyLanes = PostgresStatement(
        name: "outbox_empty_lanes",
        sql: """
            WITH passed AS MATERIALIZED (
                SELECT one.*, w.discarded_through FROM webhooks AS w
                CROSS JOIN LATERAL (
                    SELECT l.webhook_id, l.session_id FROM webhook_lanes AS l
                    WHERE l.webhook_id = w.id AND l.last_position > l.through AND l.through < w.discarded_through
                    LIMIT $1 FOR UPDATE SKIP LOCKED
                ) AS one
                WHERE w.discarding LIMIT $1
            )
            UPDATE webhook_lanes AS l SET
                through = greatest(l.through, passed.discarded_through), due_at = clock_timestamp(), failing_since = NULL
            FROM passed WHERE l.webhook_id = passed.webhook_id AND l.session_id = passed.session_id
            """)

    /// Looks once more: deliveries that were under way may have been settled, and
    /// lanes that were locked are still to be seen to.
    static let discarded = PostgresStatement(
        name: "outbox_discarded",
        sql: """
            UPDATE webhooks AS w SET discarding = false
            WHERE w.discarding
                AND NOT EXISTS (
                    SELECT FROM webhook_deliveries AS d
                    WHERE d.webhook_id = w.id AND d.status = 'pending' AND d.position <= w.discarded_through)
                AND NOT EXISTS (
                    SELECT FROM webhook_lanes AS l
                    WHERE l.webhook_id = w.id AND l.last_position > l.through AND l.through < w.discarded_through)
            """)

    static let deleteDeliveries = PostgresStatement(
        name: "outbox_delete_deliveries",
        sql: """
            DELETE FROM webhook_deliveries WHERE id IN (
                SELECT one.id FROM webhooks AS w
                CROSS JOIN LATERAL (
                    SELECT d.id FROM webhook_deliveries AS d WHERE d.webhook_id = w.id LIMIT $1
                ) AS one
                WHERE w.deleted_at IS NOT NULL LIMIT $1
            )
            """)

    static let deleteLanes = PostgresStatement(
        name: "outbox_delete_lanes",
        sql: """
            DELETE FROM webhook_lanes WHERE (webhook_id, session_id) IN (
                SELECT one.webhook_id, one.session_id FROM webhooks AS w
                CROSS JOIN LATERAL (
                    SELECT l.webhook_id, l.session_id FROM webhook_lanes AS l
                    WHERE l.webhook_id = w.id
                        AND NOT EXISTS (
                            SELECT FROM webhook_deliveries AS d
                            WHERE d.webhook_id = l.webhook_id AND d.session_id = l.session_id)
                    LIMIT $1 FOR UPDATE SKIP LOCKED
                ) AS one
                WHERE w.deleted_at IS NOT NULL LIMIT $1
            )
            """)

    /// Those deleted longer ago than `$1`: whoever adds events may still see one
    /// that was deleted meanwhile, and must find it there.
    static let deleteWebhooks = PostgresStatement(
        name: "outbox_delete_webhooks",
        sql: """
            DELETE FROM webhooks AS w
            WHERE w.deleted_at < clock_timestamp() - $1::bigint * interval '1 microsecond'
                AND NOT EXISTS (SELECT FROM webhook_deliveries AS d WHERE d.webhook_id = w.id)
                AND NOT EXISTS (SELECT FROM webhook_lanes AS l WHERE l.webhook_id = w.id)
            """)

    /// Returns the lanes of what went; `$2` is the status, `$3` the age.
    static let purge = PostgresStatement(
        name: "outbox_purge",
        sql: """
            DELETE FROM webhook_deliveries WHERE id IN (
                SELECT id FROM webhook_deliveries
                WHERE status = $2 AND settled_at < clock_timestamp() - $3::bigint * interval '1 microsecond'
                ORDER BY settled_at LIMIT $1 FOR UPDATE SKIP LOCKED
            )
            RETURNING webhook_id, session_id
            """)

    /// Of the lanes given, those that nothing is left in. An event that is just
    /// being added waits for the row, and then makes a new one.
    static let purgeLanes = PostgresStatement(
        name: "outbox_purge_lanes",
        sql: """
            DELETE FROM webhook_lanes WHERE (webhook_id, session_id) IN (
                SELECT l.webhook_id, l.session_id
                FROM unnest($1::uuid[], $2::uuid[]) AS given (webhook_id, session_id)
                JOIN webhook_lanes AS l ON l.webhook_id = given.webhook_id AND l.session_id = given.session_id
                WHERE l.last_position <= l.through AND l.lease IS NULL
                    AND NOT EXISTS (
                        SELECT FROM webhook_deliveries AS d
                        WHERE d.webhook_id = l.webhook_id AND d.session_id = l.session_id)
                FOR UPDATE OF l SKIP LOCKED
            )
            """)
}
