/// Where a stream's producer puts its bytes.
public struct HTTPBodyWriter: Sendable {
    /// What a stream holds at most, in bytes, between the producer and the socket.
    public static let bufferBytes = 64 * 1024

    let pipe: StreamPipe

    /// Hands over `bytes` and waits until they fit into the buffer of
    /// `bufferBytes`; longer pieces go over in parts. One call at a time.
    /// - Throws: `HTTPStreamClosed` when nobody takes the bytes any more,
    ///   `CancellationError` when the calling task is cancelled while it waits.
    public func write(_ bytes: [UInt8]) async throws {
        try await pipe.write(bytes[...])
    }

    /// Like `write(_:)`, for text, as UTF-8.
    public func write(_ text: String) async throws {
        try await pipe.write(Array(text.utf8)[...])
    }

    /// Gives the stream up from outside: a `write` that waits throws, the
    /// producer's task is cancelled, and the connection is cut. For a client that
    /// takes too long for what it was sent.
    public func abandon() {
        pipe.close(.clientGone)
    }
}
