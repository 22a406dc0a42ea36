import Domain

/// Where the next page of a list begins, as its callers carry it about: a
/// letter for the kind of list, a version, and the place, in base64url's
/// characters. Not a secret, and regular, so that `openapi.yaml` can say
/// which cursors are malformed.
enum Cursor {
    static func text(of session: SessionID) -> String { "s1-\(tail(session))" }

    static func session(_ text: String) -> SessionID? { parts(text, kind: "s1", count: 1).flatMap { id($0[0]) } }

    static func text(of notification: NotificationID) -> String { "n1-\(tail(notification))" }

    static func notification(_ text: String) -> NotificationID? {
        parts(text, kind: "n1", count: 1).flatMap { id($0[0]) }
    }

    static func text(of turn: TurnID) -> String { "t1-\(tail(turn))" }

    static func turn(_ text: String) -> TurnID? { parts(text, kind: "t1", count: 1).flatMap { id($0[0]) } }

    static func text(of invocation: InvocationID) -> String { "r1-\(tail(invocation))" }

    static func invocation(_ text: String) -> InvocationID? { parts(text, kind: "r1", count: 1).flatMap { id($0[0]) } }

    static func text(of webhook: WebhookID) -> String { "w1-\(tail(webhook))" }

    static func webhook(_ text: String) -> WebhookID? { parts(text, kind: "w1", count: 1).flatMap { id($0[0]) } }

    static func text(of delivery: DeliveryID) -> String { "d1-\(tail(delivery))" }

    static func delivery(_ text: String) -> DeliveryID? { parts(text, kind: "d1", count: 1).flatMap { id($0[0]) } }

    /// `incident` is the number of one in its session.
    static func text(ofIncident incident: Int64) -> String { "i1-\(incident)" }

    static func incident(_ text: String) -> Int64? {
        parts(text, kind: "i1", count: 1).flatMap { number($0[0], digits: 18) }
    }

    static func text(of place: HistoryPosition) -> String {
        "h1-\(place.at.microseconds)-\(tail(place.session))-\(place.seq)"
    }

    static func history(_ text: String) -> HistoryPosition? {
        guard let parts = parts(text, kind: "h1", count: 3), let at = number(parts[0], digits: 16),
            let session: SessionID = id(parts[1]), let seq = number(parts[2], digits: 18)
        else { return nil }
        return HistoryPosition(at: Timestamp(microseconds: at), session: session, seq: seq)
    }

    private static func tail<Kind>(_ id: EntityID<Kind>) -> Substring {
        id.description.dropFirst(Kind.prefix.count + 1)
    }

    private static func id<Kind>(_ tail: Substring) -> EntityID<Kind>? { EntityID("\(Kind.prefix)_\(tail)") }

    private static func number(_ text: Substring, digits: Int) -> Int64? {
        guard (1...digits).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        return Int64(text)
    }

    private static func parts(_ text: String, kind: String, count: Int) -> [Substring]? {
        let parts = text.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard parts.count == count + 1, parts[0].elementsEqual(kind.utf8) else { return nil }
        return parts.dropFirst().map { Substring($0) }
    }
}
