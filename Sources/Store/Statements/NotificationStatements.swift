import Postgres

/// The statements that read turn notifications' receipts.
enum NotificationStatements {
    static let one = PostgresStatement(
        name: "notification_one", sql: select("WHERE n.session_id = $1 AND n.id = $2"))

    static let newest = PostgresStatement(
        name: "notification_newest", sql: select("WHERE n.session_id = $1 ORDER BY n.id DESC LIMIT $2"))

    static let before = PostgresStatement(
        name: "notification_before",
        sql: select("WHERE n.session_id = $1 AND n.id < $3 ORDER BY n.id DESC LIMIT $2"))

    private static func select(_ rest: String) -> String {
        """
        SELECT n.id, n.session_id, n.method, n.trigger, n.agent_state_seq, n.created_at, n.completed_at,
            coalesce((
                SELECT json_agg(json_build_object(
                    'identity', r.identity, 'outcome', r.outcome, 'response', r.response, 'code', r.error_code,
                    'message', r.error_message, 'data', r.error_data, 'latency', r.latency_us) ORDER BY r.position)
                FROM turn_notification_recipients AS r WHERE r.notification_id = n.id
            ), '[]') AS recipients
        FROM turn_notifications AS n \(rest)
        """
    }
}
