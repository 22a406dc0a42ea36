/// What came back. Every status is an answer, 3xx and 5xx too: redirects are not
/// followed.
public struct OutboundResponse: Equatable, Sendable {
    /// The status code, 200…599.
    public let status: Int
    /// The fields in the order they came; those of 1xx answers and trailers are
    /// left out.
    public let headers: [OutboundHeader]
    /// The body as it came: content codings are neither asked for nor undone.
    public let body: [UInt8]

    /// The first value of the field `name`, in any case.
    public func header(_ name: String) -> String? {
        headers.first { $0.isNamed(name) }?.value
    }
}
