import Domain

/// Reads the core's error texts, which are all that it tells. They come from
/// nested Rust errors: `engine: signal failure: client error: 401 …`.
enum ConnectFailure {
    /// What a failed join was.
    static func error(_ text: String) -> RoomError {
        let lower = text.lowercased()
        if refusals.contains(where: lower.contains) { return .tokenRefused(text) }
        if overloads.contains(where: lower.contains) { return .unreachable(text) }
        if lower.contains("failed to parse the url") { return .failed(text) }
        if lower.contains("client error:") { return .refused(text) }
        if silences.contains(where: lower.contains) { return .unreachable(text) }
        return .failed(text)
    }

    /// What a failed request within a joined room was.
    static func requestError(_ operation: String, _ text: String) -> RoomError {
        let lower = text.lowercased()
        if lower.contains("request timeout") || lower.contains("timed out") { return .timeout("\(operation): \(text)") }
        if lower.contains("request error:") { return .refused("\(operation): \(text)") }
        if lower.contains("room closed") || lower.contains("already closed") || lower.contains("engine is closed") {
            return .disconnected
        }
        return .failed("\(operation): \(text)")
    }

    private static let refusals = [
        "client error: 401", "client error: 403", "access token has invalid characters",
        "handshake error: 401", "handshake error: 403",
    ]
    /// Answers that another attempt may not get.
    private static let overloads = ["client error: 408", "client error: 429"]
    private static let silences = [
        "transport connection error", "transport closed", "connection error", "server error:", "handshake error:",
        "timeout", "timed out", "failed to send the message", "failed to retrieve region info",
    ]
}
