extension Migration {
    /// Every migration of this program, in order: the files of `SQL/`, which a
    /// test holds this list against. SwiftPM names `0001_sessions.sql`
    /// `PackageResources._001_sessions_sql`.
    public static let all: [Migration] = [
        Migration(version: 1, name: "placeholder", script: PackageResources._001_placeholder_sql)
    ]
}
