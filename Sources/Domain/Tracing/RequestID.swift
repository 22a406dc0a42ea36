/// The id of the HTTP request that the running task belongs to: with the trace,
/// what log lines of one request have in common.
public enum RequestID {
    /// `X-Request-Id` as it came or was made; nil outside any request.
    @TaskLocal public static var current: String?

    /// A new one, for a request that brought none: `req_` and 16 hexadecimal digits.
    public static func make() -> String { "req_" + .quickHex() }
}
