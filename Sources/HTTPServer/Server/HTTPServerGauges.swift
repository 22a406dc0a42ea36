/// How busy a server is.
public struct HTTPServerGauges: Sendable, Equatable {
    /// Open connections, those included that have not sent a request yet.
    public let connections: Int
    /// Requests whose handler is at work.
    public let requestsInFlight: Int
    /// Streams being sent.
    public let streams: Int

    /// For a metrics page that is tested without a server.
    public init(connections: Int, requestsInFlight: Int, streams: Int) {
        self.connections = connections
        self.requestsInFlight = requestsInFlight
        self.streams = streams
    }
}
