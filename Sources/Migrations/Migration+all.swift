extension Migration {
    /// Every migration of this program, in order: the files of `SQL/`, which a
    /// test holds this list against. SwiftPM names `0001_sessions.sql`
    /// `PackageResources._001_sessions_sql`.
    public static let all: [Migration] = [
        Migration(version: 1, name: "runtimes", script: PackageResources._001_runtimes_sql),
        Migration(version: 2, name: "sessions", script: PackageResources._002_sessions_sql),
        Migration(
            version: 3, name: "agent_state_transitions", script: PackageResources._003_agent_state_transitions_sql),
        Migration(version: 4, name: "rpc_methods", script: PackageResources._004_rpc_methods_sql),
        Migration(version: 5, name: "turn_notifications", script: PackageResources._005_turn_notifications_sql),
        Migration(version: 6, name: "history_text", script: PackageResources._006_history_text_sql),
        Migration(version: 7, name: "turns", script: PackageResources._007_turns_sql),
        Migration(version: 8, name: "incidents", script: PackageResources._008_incidents_sql),
        Migration(version: 9, name: "builtin_methods", script: PackageResources._009_builtin_methods_sql),
        Migration(version: 10, name: "events", script: PackageResources._010_events_sql),
        Migration(version: 11, name: "invocations", script: PackageResources._011_invocations_sql),
        Migration(version: 12, name: "webhooks", script: PackageResources._012_webhooks_sql),
        Migration(version: 13, name: "idempotency", script: PackageResources._013_idempotency_sql),
        Migration(version: 14, name: "faster_ids", script: PackageResources._014_faster_ids_sql),
        Migration(version: 15, name: "session_texts", script: PackageResources._015_session_texts_sql),
        Migration(version: 16, name: "plans", script: PackageResources._016_plans_sql),
        Migration(
            version: 17, name: "session_text_is_no_veto", script: PackageResources._017_session_text_is_no_veto_sql),
    ]
}
