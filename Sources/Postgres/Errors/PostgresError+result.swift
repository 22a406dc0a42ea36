import CPostgres

extension PostgresError {
    /// The error that a failed result carries. Without an SQLSTATE it is
    /// libpq's own, which means that the connection broke.
    init(result: OpaquePointer) {
        func field(_ code: Int32) -> String? {
            PQresultErrorField(result, code).map { String(cString: $0) }
        }
        let state = field(turngate_pg_diag_sqlstate)
        if state != nil {
            self.init(.server, reason: "the server refused the statement")
        } else {
            self.init(.connectionLost, reason: "the connection was lost")
        }
        sqlState = state
        severity = field(turngate_pg_diag_severity)
        constraintName = field(turngate_pg_diag_constraint)
        tableName = field(turngate_pg_diag_table)
        columnName = field(turngate_pg_diag_column)
        unsafeServerMessage = field(turngate_pg_diag_message) ?? String(cString: PQresultErrorMessage(result))
        unsafeServerDetail = field(turngate_pg_diag_detail)
    }

    /// Whether the server ended the session with this error.
    var endsConnection: Bool {
        sqlState == nil || severity == "FATAL" || severity == "PANIC"
    }
}
