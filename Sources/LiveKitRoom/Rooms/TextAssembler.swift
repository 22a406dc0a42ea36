import Domain

/// The text streams that are arriving in one room. A value: the core's reader
/// events in, whole texts out.
struct TextAssembler {
    private struct Arriving {
        var text: RoomText
        var bytes = 0
        var tooLong = false
    }

    private var arriving: [UInt64: Arriving] = [:]
    private let maxBytes: Int
    private let maxOpen: Int

    init(maxBytes: Int, maxOpen: Int) {
        self.maxBytes = maxBytes
        self.maxOpen = maxOpen
    }

    /// The readers of the streams that have not come to their end.
    var openReaders: [UInt64] { Array(arriving.keys) }

    /// Takes up a stream; false when too many are open.
    mutating func open(_ event: WireTextStreamOpened) -> Bool {
        guard arriving.count < maxOpen else { return false }
        let info = event.reader.info
        arriving[event.reader.handle.id] = Arriving(
            text: RoomText(
                sender: event.participantIdentity, topic: info.topic, text: "", attributes: info.attributes))
        return true
    }

    mutating func abandon(_ reader: UInt64) { arriving[reader] = nil }

    /// The text, if this event ended a stream that arrived whole and within
    /// the bound; `ended` tells whether the reader is done with.
    mutating func take(_ event: WireTextStreamReaderEvent) -> (text: RoomText?, ended: Bool) {
        guard var stream = arriving[event.readerHandle] else { return (nil, true) }
        switch event.detail {
        case .chunkReceived(let chunk):
            stream.bytes += chunk.content.utf8.count
            stream.tooLong = stream.tooLong || stream.bytes > maxBytes
            stream.text.text = stream.tooLong ? "" : stream.text.text + chunk.content
            arriving[event.readerHandle] = stream
            return (nil, false)
        case .eos(let end):
            arriving[event.readerHandle] = nil
            stream.text.attributes.merge(end.attributes) { _, last in last }
            return (end.hasError || stream.tooLong ? nil : stream.text, true)
        case nil:
            return (nil, false)
        }
    }
}
