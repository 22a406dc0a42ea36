import CPostgres
import Glibc

/// Owns one `PGresult`.
///
/// `@unchecked Sendable` because libpq's results are never changed after they
/// were received, and libpq allows reading such a result from any thread; the
/// pointer does not leave this class, and it is freed exactly once, in `deinit`.
final class ResultStorage: @unchecked Sendable {
    private let result: OpaquePointer
    let rowCount: Int
    let columnCount: Int

    /// Takes ownership of `result`.
    init(taking result: OpaquePointer) {
        self.result = result
        rowCount = Int(PQntuples(result))
        columnCount = Int(PQnfields(result))
    }

    deinit {
        PQclear(result)
    }

    /// The command tag, such as `INSERT 0 3`.
    var commandTag: String { String(cString: PQcmdStatus(result)) }

    /// How many rows the command inserted, changed, deleted or returned.
    var affectedRows: Int { Int(String(cString: PQcmdTuples(result))) ?? 0 }

    func name(ofColumn column: Int) -> String? {
        PQfname(result, Int32(column)).map { String(cString: $0) }
    }

    /// The first column of that name.
    func index(ofColumn name: String) -> Int? {
        name.withCString { wanted in
            (0..<columnCount).first { index in
                guard let candidate = PQfname(result, Int32(index)) else { return false }
                return strcmp(candidate, wanted) == 0
            }
        }
    }

    /// Gives `body` the bytes of a field, nil for NULL. Row and column must be
    /// in range: the callers check.
    func withBytes<Value>(row: Int, column: Int, _ body: (UnsafeRawBufferPointer?) -> Value) -> Value {
        guard PQgetisnull(result, Int32(row), Int32(column)) == 0 else { return body(nil) }
        let start = PQgetvalue(result, Int32(row), Int32(column))
        let count = Int(PQgetlength(result, Int32(row), Int32(column)))
        return body(UnsafeRawBufferPointer(start: start, count: count))
    }
}
