import Domain

/// What a stream of events is asked for.
struct EventStreamRequest: Sendable, Equatable {
    /// Where the stream begins.
    enum Start: String, Sendable, CaseIterable {
        /// With what happens from now on.
        case now
        /// With the first event that there is.
        case start
    }

    /// Empty: of any.
    var types: Set<EventType>
    var start: Start
    /// The last event that the reader has; it wins over `start`.
    var lastEvent: EventID?
    var heartbeat: Duration

    static let heartbeatSeconds = 1...60
    static let defaultHeartbeatSeconds = 15
    /// The most types that may be named; each can be named but once in a useful list.
    private static let typeCount = 64

    /// Throws 400 with all that is wrong, and 406.
    init(_ request: APIRequest) throws {
        var input = try request.input(body: .none)
        types = Self.types(&input.query)
        start = input.query.choice("from", Start.self) ?? .now
        let seconds = input.query.integer("heartbeat_s", Self.heartbeatSeconds) ?? Self.defaultHeartbeatSeconds
        heartbeat = .seconds(seconds)
        let inQuery = input.query.single("last_event_id").flatMap { Self.event($0, "last_event_id", input.errors) }
        lastEvent = Self.header(request, input.errors) ?? inQuery
        try input.finish()
        try request.requireAcceptable(["text/event-stream"])
    }

    private static func types(_ query: inout QueryReader) -> Set<EventType> {
        guard let list = query.single("types") else { return [] }
        let words = list.split(separator: ",", omittingEmptySubsequences: false)
        guard words.count <= typeCount else {
            query.errors.add("types", "must be at most \(typeCount) types")
            return []
        }
        let types = words.compactMap { EventType(rawValue: String($0)) }
        if types.count < words.count { query.errors.add("types", EventType.mustBeOneOf + ", with commas between") }
        return Set(types)
    }

    /// An empty field is what a reader has that was never given an id.
    private static func header(_ request: APIRequest, _ errors: FieldErrors) -> EventID? {
        let fields = request.http.headers.all("Last-Event-ID")
        if fields.count > 1 { errors.add("Last-Event-ID", "is given \(fields.count) times") }
        guard let field = fields.first, !field.isEmpty else { return nil }
        return event(field, "Last-Event-ID", errors)
    }

    private static func event(_ text: String, _ field: String, _ errors: FieldErrors) -> EventID? {
        if let id = EventID(text) { return id }
        errors.add(field, "must be the id of an event, evt_ and 26 characters")
        return nil
    }
}
