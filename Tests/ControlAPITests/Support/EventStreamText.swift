import Foundation

/// Server-sent events as a reader takes them apart (HTML standard, 9.2.6), out
/// of a chunked answer that comes in pieces.
struct EventStreamText: Sendable {
    struct Event: Sendable, Equatable {
        var id: String?
        var type: String
        var data: String
    }

    private(set) var head = ""
    private(set) var events: [Event] = []
    private(set) var comments: [String] = []
    private(set) var retry: String?
    /// Whether the answer has ended as it should.
    private(set) var isWhole = false
    private var raw: [UInt8] = []
    private var body: [UInt8] = []

    mutating func take(_ bytes: some Sequence<UInt8>) {
        raw += bytes
        if head.isEmpty {
            guard let end = raw.firstRange(of: Array("\r\n\r\n".utf8)) else { return }
            head = String(decoding: raw[..<end.lowerBound], as: UTF8.self)
            raw.removeSubrange(..<end.upperBound)
        }
        takeChunks()
        takeFrames()
    }

    private mutating func takeChunks() {
        var rest = raw[...]
        while let line = rest.firstRange(of: Array("\r\n".utf8)),
            let size = Int(String(decoding: rest[..<line.lowerBound], as: UTF8.self), radix: 16),
            rest[line.upperBound...].count >= size + 2
        {
            if size == 0 { isWhole = true }
            rest = rest[line.upperBound...]
            body += rest.prefix(size)
            rest = rest.dropFirst(size + 2)
        }
        raw = Array(rest)
    }

    private mutating func takeFrames() {
        var rest = body[...]
        while let end = rest.firstRange(of: [0x0A, 0x0A]) {
            takeFrame(String(decoding: rest[..<end.lowerBound], as: UTF8.self))
            rest = rest[end.upperBound...]
        }
        body = Array(rest)
    }

    private mutating func takeFrame(_ frame: String) {
        var event = Event(id: nil, type: "", data: "")
        for line in frame.split(separator: "\n", omittingEmptySubsequences: false) {
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            let value = parts.count > 1 ? String(parts[1].drop { $0 == " " }) : ""
            switch parts[0] {
            case "": comments.append(value)
            case "retry": retry = value
            case "id": event.id = value
            case "event": event.type = value
            case "data": event.data += (event.data.isEmpty ? "" : "\n") + value
            default: comments.append("unknown field \(line)")
            }
        }
        if !event.type.isEmpty { events.append(event) }
    }

    /// The reason of the last event, where that is `stream.closed`.
    var closing: String? {
        guard let last = events.last, last.type == "stream.closed" else { return nil }
        return last.data
    }

    /// The ids of the events that have one.
    var ids: [String] { events.compactMap(\.id) }
}
