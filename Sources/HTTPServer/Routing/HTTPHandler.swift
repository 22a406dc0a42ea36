/// Answers requests. What can go wrong inside is the handler's to turn into a
/// response; the front asks for nothing but an answer.
public protocol HTTPHandler: Sendable {
    /// Answers one request. Called on the front's own network thread until the
    /// first suspension: work that blocks or computes for long belongs elsewhere.
    /// The task is cancelled when the client closes the connection, or only its
    /// side of it, and when the server's stop deadline passes; the answer is
    /// still sent where it can be.
    func respond(to request: HTTPRequest) async -> HTTPResponse
}
