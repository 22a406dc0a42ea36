/// Writes an event's `data` so that it always fits.
enum EventData {
    /// The most bytes of one event's `data`: what every reader of a stream and
    /// every webhook's receiver has to be able to take.
    static let maxBytes = 262_144

    /// An object with the members that `write` gives it: all of them where that
    /// fits, otherwise with more and more of `expendable` left out (empty or null
    /// in their places) and named in `omitted`.
    static func object(
        expendable: [EventMember] = [], _ write: (inout JSONWriter, Set<EventMember>) -> Void
    ) -> [UInt8] {
        var omitted: [EventMember] = []
        while true {
            let bytes = JSONWriter.object(capacity: 1024) { writer in
                write(&writer, Set(omitted))
                if !omitted.isEmpty { writer.member("omitted", omitted.map(\.rawValue)) }
            }
            if bytes.count <= maxBytes || omitted.count == expendable.count { return bytes }
            omitted.append(expendable[omitted.count])
        }
    }
}
