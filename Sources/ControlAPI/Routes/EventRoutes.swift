import Domain
import HTTPServer

/// What happens, as server-sent events: of one session and of all.
struct EventRoutes: Sendable {
    let sessions: any SessionControl
    let events: EventHub
    let clock: any TurngateClock

    var endpoints: [Endpoint] {
        [
            Endpoint(.get, "/v1/sessions/{session}/events", ofSession),
            Endpoint(.get, "/v1/events", ofAll),
        ]
    }

    /// A session that has been over for so long and has no last event in the log
    /// will not get one: it is from before there were events.
    private static let wontCome = Duration.seconds(60)

    private static let headers: HTTPHeaders = [
        "Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no",
    ]

    /// From after where a stream goes, and where the log stood before anything
    /// else was looked at.
    private struct Place {
        var after: Int64
        var last: Int64
    }

    /// How a session stands to its stream.
    private enum Outlook {
        case goesOn
        /// Over, and its end is in the log since then.
        case ends(since: Duration)
        case nothingLeft
    }

    private func ofAll(_ request: APIRequest) async throws -> HTTPResponse {
        let wish = try EventStreamRequest(request)
        let scope = request.context.caller?.room.map { EventScope.room($0) } ?? .everything
        let last = try await events.lastPosition()
        let place = try await place(wish, scope, last: last)
        return try answer(request, wish, scope, place, finalSince: nil)
    }

    private func ofSession(_ request: APIRequest) async throws -> HTTPResponse {
        let id = try request.sessionID()
        let wish = try EventStreamRequest(request)
        // Before the session is looked at: one that is alive here has its end after this.
        let last = try await events.lastPosition()
        let session = try await sessions.session(id)
        let place = try await place(wish, .session(id), last: last)
        switch try await outlook(of: session, wish, place) {
        case .nothingLeft: return HTTPResponse(status: 204)
        case .goesOn: return try answer(request, wish, .session(id), place, finalSince: nil)
        case .ends(let since): return try answer(request, wish, .session(id), place, finalSince: since)
        }
    }

    private func place(_ wish: EventStreamRequest, _ scope: EventScope, last: Int64) async throws -> Place {
        guard let id = wish.lastEvent else { return Place(after: wish.start == .now ? last : 0, last: last) }
        guard let position = try await events.log.position(of: id, in: scope) else {
            throw Problem(.eventNotFound, "No event of this stream has the id \(id).")
        }
        return Place(after: position, last: last)
    }

    private func outlook(of session: Session, _ wish: EventStreamRequest, _ place: Place) async throws -> Outlook {
        guard session.status.isFinal else { return .goesOn }
        let age = session.endedAt.map { clock.now - $0 } ?? Self.wontCome
        let scope = EventScope.session(session.id)
        let hasEnd = try await !events.log.events(EventQuery(scope: scope, types: EventType.final, limit: 1)).isEmpty
        guard age >= (hasEnd ? events.limits.drain : Self.wontCome) else {
            return hasEnd ? .ends(since: clock.uptime) : .goesOn
        }
        let rest = EventQuery(scope: scope, types: Array(wish.types), after: place.after, limit: 1)
        if try await events.log.events(rest).isEmpty { return .nothingLeft }
        return .ends(since: clock.uptime - events.limits.drain)
    }

    private func answer(
        _ request: APIRequest, _ wish: EventStreamRequest, _ scope: EventScope, _ place: Place, finalSince: Duration?
    ) throws -> HTTPResponse {
        guard request.http.method != .head else {
            return HTTPResponse(status: 200, headers: Self.headers, body: .stream(HTTPBodyStream { _ in }))
        }
        let subscription = try events.subscribe(
            scope, for: request.context.standing, types: wish.types, after: place.after, last: place.last,
            heartbeat: wish.heartbeat, finalSince: finalSince)
        return HTTPResponse(
            status: 200, headers: Self.headers, body: .stream(EventStreamBody(subscription, of: events).body()))
    }
}
