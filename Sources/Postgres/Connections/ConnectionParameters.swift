import CPostgres

/// The checked settings as libpq's keywords and values.
struct ConnectionParameters: Sendable {
    let keywords: [String]
    let values: [String]

    /// Checks the connection string with libpq's own parser and adds ours.
    ///
    /// libpq's message would quote parts of the string, which may be the
    /// password: it is dropped.
    init(_ configuration: PostgresConfiguration) throws(PostgresError) {
        let given = try ConnectionParameters.parse(configuration.connectionString)
        guard ConnectionParameters.arePorts(given["port"] ?? "") else {
            throw PostgresError(.invalidConfiguration, reason: "a port is not a number from 1 to 65535")
        }
        // Before the caller's string: it may override these.
        let defaults = [
            ("application_name", configuration.applicationName),
            ("keepalives_idle", "30"), ("keepalives_interval", "10"), ("keepalives_count", "3"),
        ]
        let limits = [
            ("statement_timeout", configuration.statementTimeout), ("lock_timeout", configuration.lockTimeout),
            ("idle_in_transaction_session_timeout", configuration.idleInTransactionTimeout),
        ]
        var options = limits.map { "-c \($0.0)=\($0.1.wholeMilliseconds)" }
        options += ["-c TimeZone=UTC", "-c DateStyle=ISO"]
        if let more = given["options"] { options.append(more) }
        // After it: our parsing of results depends on these.
        let forced = [("client_encoding", "UTF8"), ("options", options.joined(separator: " "))]
        let all = defaults + [("dbname", configuration.connectionString)] + forced
        keywords = all.map(\.0)
        values = all.map(\.1)
    }

    /// One port, or one for each host; an empty one is the default. libpq looks
    /// at them only when it connects.
    private static func arePorts(_ list: String) -> Bool {
        list.split(separator: ",", omittingEmptySubsequences: false).allSatisfy { entry in
            let text = entry.filter { $0 != " " }
            return text.isEmpty || Int(text).map { (1...65535).contains($0) } == true
        }
    }

    /// What the string sets, by keyword.
    private static func parse(_ string: String) throws(PostgresError) -> [String: String] {
        var message: UnsafeMutablePointer<CChar>?
        guard !string.utf8.contains(0), let options = PQconninfoParse(string, &message) else {
            PQfreemem(message)
            let form = string.hasPrefix("postgres") ? "URI" : "key=value connection string"
            throw PostgresError(.invalidConfiguration, reason: "not a valid PostgreSQL \(form)")
        }
        defer { PQconninfoFree(options) }
        var given: [String: String] = [:]
        var option = options
        while let keyword = option.pointee.keyword {
            if let value = option.pointee.val { given[String(cString: keyword)] = String(cString: value) }
            option += 1
        }
        return given
    }
}

extension PostgresConfiguration {
    /// Checks the connection string with libpq's own parser, without a server.
    ///
    /// - Throws: kind `invalidConfiguration`, without any part of the string.
    public func check() throws(PostgresError) {
        _ = try ConnectionParameters(self)
    }
}
