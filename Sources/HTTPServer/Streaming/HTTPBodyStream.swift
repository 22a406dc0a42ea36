/// A body made while it is sent, with bounded memory.
///
/// The producer is started when the front asks for the first byte (never for
/// `HEAD`), in a task of its own, which is cancelled when the client goes away.
/// Returning ends the body; throwing cuts the connection, so that the client
/// sees a broken body and never a short one that looks whole (on HTTP/1.0, where
/// the close is the only end there is, it cannot tell).
public struct HTTPBodyStream: Sendable {
    /// What a stop of the server does to the stream.
    public enum AtStop: Sendable {
        /// For a body that ends by itself: it has until the stop's deadline.
        case finish
        /// For a body without an end (events, live audio): its task is
        /// cancelled at once, and its end, even by a thrown error, is a clean end.
        case end
    }

    /// What a stop of the server does to the stream.
    public let atStop: AtStop
    let produce: @Sendable (HTTPBodyWriter) async throws -> Void

    /// A stream from a closure that writes the whole body.
    public init(atStop: AtStop = .finish, _ produce: @escaping @Sendable (HTTPBodyWriter) async throws -> Void) {
        self.atStop = atStop
        self.produce = produce
    }

    /// The same body, written inside `scope`: what goes with the task there,
    /// task-local values for instance, goes with the writing.
    public func within(
        _ scope: @escaping @Sendable (_ write: @Sendable () async throws -> Void) async throws -> Void
    ) -> HTTPBodyStream {
        HTTPBodyStream(atStop: atStop) { [produce] writer in
            try await scope { try await produce(writer) }
        }
    }
}
