import HTTPServer

/// What a call was answered with, and which problem that is.
struct CallAnswer: Sendable {
    var response: HTTPResponse
    /// Nil where it went well.
    var problem: ProblemType?
}
