/// A request's body, read while it comes. One reader, one time.
///
/// Pieces come as the network cuts them, of 1 byte to 64 KiB. What waits for the reader is
/// bounded by `bufferBytes`; beyond that the client is held back. A handler may
/// answer without having read the end, see `HTTPServer`.
public struct HTTPRequestBody: AsyncSequence, Sendable {
    /// A piece, never empty.
    public typealias Element = [UInt8]
    /// Why there is no next piece and no end.
    public typealias Failure = HTTPBodyError

    /// About what the front holds of a body that is not read, in bytes. (The
    /// system holds some more in the socket.)
    public static let bufferBytes = 64 * 1024

    private let read: @Sendable () async throws(HTTPBodyError) -> [UInt8]?

    /// A body from a closure that gives the next piece, `nil` at the end; for tests of handlers.
    public init(_ read: @escaping @Sendable () async throws(HTTPBodyError) -> [UInt8]?) {
        self.read = read
    }

    /// The next piece as soon as there is one; `nil` after the last.
    public func next() async throws(HTTPBodyError) -> [UInt8]? {
        try await read()
    }

    /// Goes on where the body stands: there is one position for all iterators.
    public func makeAsyncIterator() -> Iterator {
        Iterator(body: self)
    }

    /// The body as `for try await` reads it.
    public struct Iterator: AsyncIteratorProtocol {
        let body: HTTPRequestBody

        /// As `HTTPRequestBody.next()`.
        public mutating func next() async throws(HTTPBodyError) -> [UInt8]? {
            try await body.next()
        }

        /// As `HTTPRequestBody.next()`.
        public mutating func next(isolation actor: isolated (any Actor)?) async throws(HTTPBodyError) -> [UInt8]? {
            try await body.next()
        }
    }
}
