import HTTPServer

extension HTTPResponse {
    /// With what every answer carries: the request's id, the caller's place
    /// in its trace, and the words that keep browsers from guessing, caching,
    /// framing or running anything. No CORS: the API is for servers.
    func finished(_ context: RequestContext) -> HTTPResponse {
        var response = self
        response.headers.replace("X-Request-Id", context.requestID)
        response.headers.replace("X-Content-Type-Options", "nosniff")
        response.headers.replace("traceparent", context.trace.traceparent)
        for field in context.rateLimit { response.headers.replace(field.name, field.value) }
        response.headers.setDefault("Cache-Control", "no-store")
        response.headers.setDefault("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
        if case .stream(let stream) = response.body {
            response.body = .stream(stream.within { write in try await context.bound(write) })
        }
        return response
    }

    /// A JSON answer.
    static func json(_ bytes: [UInt8], status: Int = 200, headers: HTTPHeaders = [:]) -> HTTPResponse {
        var headers = headers
        headers.replace("Content-Type", "application/json")
        return HTTPResponse(status: status, headers: headers, body: .bytes(bytes))
    }
}

extension HTTPHeaders {
    fileprivate mutating func setDefault(_ name: String, _ value: String) {
        if self[name] == nil { add(name, value) }
    }
}
