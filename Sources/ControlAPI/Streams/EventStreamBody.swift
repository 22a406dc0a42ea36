import HTTPServer

/// A subscription in the hands of one answer. It goes with the answer, also
/// where the client was gone before the body was asked for and nobody reads.
final class EventStreamBody: Sendable {
    private let hub: EventHub
    private let subscription: EventSubscription

    init(_ subscription: EventSubscription, of hub: EventHub) {
        self.subscription = subscription
        self.hub = hub
    }

    deinit { hub.leave(subscription) }

    /// The answer's body: without an end of its own.
    func body() -> HTTPBodyStream {
        HTTPBodyStream(atStop: .end) { writer in
            defer { self.hub.leave(self.subscription) }
            self.subscription.abandons { writer.abandon() }
            try await writer.write(EventFrame.opening)
            while try await self.send(await self.subscription.next(), by: writer) {}
        }
    }

    /// False after the end.
    private func send(_ step: EventSubscription.Step, by writer: HTTPBodyWriter) async throws -> Bool {
        switch step {
        case .send(let frames):
            try await send(frames, by: writer)
            return true
        case .heartbeat:
            try await writer.write(EventFrame.heartbeat)
            return true
        case .close(.clientGone): return false
        case .close(let end):
            try await writer.write(EventFrame.closing(end))
            return false
        }
    }

    /// One frame goes as it is, shared with all others; several are put together
    /// up to the size that the front takes at once.
    private func send(_ frames: [EventFrame], by writer: HTTPBodyWriter) async throws {
        var piece: [UInt8] = []
        for frame in frames {
            if !piece.isEmpty, piece.count + frame.bytes.count > HTTPBodyWriter.bufferBytes {
                try await writer.write(piece)
                piece = []
            }
            if piece.isEmpty { piece = frame.bytes } else { piece += frame.bytes }
        }
        try await writer.write(piece)
        hub.metrics.sent.increment(by: Double(frames.count))
    }
}
