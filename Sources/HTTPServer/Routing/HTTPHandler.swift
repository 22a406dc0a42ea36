/// Answers requests. What can go wrong inside is the handler's to turn into a
/// response; the front asks for nothing but an answer.
public protocol HTTPHandler: Sendable {
    /// Answers one request, or says who will. Called on the front's own network
    /// thread: work that blocks or computes for long belongs elsewhere.
    func answer(_ request: HTTPRequest) -> HTTPAnswer
}

/// A handler's answer to one request.
public enum HTTPAnswer: Sendable {
    /// Nothing has to be waited for.
    case now(HTTPResponse)
    /// Run as a task, on the front's own network thread until the first
    /// suspension. The task is cancelled when the client closes the connection,
    /// or only its side of it, and when the server's stop deadline passes; the
    /// answer is still sent where it can be. It goes on on `executor`, by default on
    /// Swift's common threads.
    case later(on: (any TaskExecutor)? = nil, @Sendable () async -> HTTPResponse)
}

extension HTTPHandler {
    /// The answer, waited for.
    public func respond(to request: HTTPRequest) async -> HTTPResponse {
        switch answer(request) {
        case .now(let response): response
        case .later(_, let response): await response()
        }
    }
}
