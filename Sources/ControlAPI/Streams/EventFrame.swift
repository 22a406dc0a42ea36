import Domain

/// An event as it is sent: made once, and shared by all who get it.
struct EventFrame: Sendable, Equatable {
    var position: Int64
    /// The whole frame, with the empty line that ends it.
    var bytes: [UInt8]

    init(_ event: StoredEvent) {
        position = event.position
        bytes = Self.frame(id: event.id.description, type: event.type.rawValue, data: event.json)
    }

    /// What comes before all else: a comment, so that the answer's head goes out
    /// at once, and how many milliseconds a reconnect is to wait.
    static let opening = Array(": turngate\nretry: 2000\n\n".utf8)
    /// A comment that keeps the connection from looking dead.
    static let heartbeat = Array(": heartbeat\n\n".utf8)

    /// The last event; without an id, so that the reader's `Last-Event-ID` stays
    /// where it is.
    static func closing(_ end: EventStreamEnd) -> [UInt8] {
        frame(id: nil, type: "stream.closed", data: Array(#"{"reason":"\#(end.rawValue)"}"#.utf8))
    }

    /// One frame as the HTML standard has it, section 9.2.5. Whatever bytes are
    /// in `data`, they stay within it: a line break begins another `data:` line,
    /// which the reader joins with a line feed, and to JSON these are all the same.
    static func frame(id: String?, type: String, data: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(data.count + 96)
        if let id { bytes += Array("id: \(id)\n".utf8) }
        bytes += Array("event: \(type)\n".utf8)
        let head = Array("data: ".utf8)
        var rest = data[...]
        while let end = rest.firstIndex(where: { $0 == 0x0A || $0 == 0x0D }) {
            bytes += head + rest[..<end] + [0x0A]
            let isPair = rest[end] == 0x0D && end + 1 < rest.endIndex && rest[end + 1] == 0x0A
            rest = rest[(end + (isPair ? 2 : 1))...]
        }
        bytes += head
        bytes += rest
        bytes += [0x0A, 0x0A]
        return bytes
    }
}

extension EventType {
    /// The last that happens in a session.
    static let final: [EventType] = [.sessionEnded, .sessionFailed]

    var isFinal: Bool { Self.final.contains(self) }
}
