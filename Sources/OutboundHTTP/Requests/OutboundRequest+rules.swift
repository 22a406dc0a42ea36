extension OutboundRequest {
    /// The longest URL, and the most bytes of header fields, that are sent.
    static let maximumURLBytes = 16 * 1024
    static let maximumHeaderBytes = 64 * 1024

    /// Returns where the call goes, or throws `invalidRequest` for what cannot or
    /// must not be sent. What reaches libcurl after this holds no line break, no
    /// NUL and no scheme but ours.
    func validate() throws(OutboundError) -> OutboundURL {
        let destination = try destination()
        try validateHeaders()
        guard timeout >= .milliseconds(1), timeout <= .seconds(3600) else {
            throw .invalidRequest(reason: "the timeout must be between 1 ms and 1 h")
        }
        guard maxResponseBytes >= 0 else { throw .invalidRequest(reason: "maxResponseBytes is negative") }
        guard body.isEmpty || (method != .get && method != .head) else {
            throw .invalidRequest(reason: "\(method.rawValue) takes no body")
        }
        return destination
    }

    private func destination() throws(OutboundError) -> OutboundURL {
        do throws(OutboundURLError) {
            return try OutboundURL(url, maximumBytes: Self.maximumURLBytes, allowsFragment: true)
        } catch {
            throw .invalidRequest(reason: error.description)
        }
    }

    private func validateHeaders() throws(OutboundError) {
        for header in headers {
            guard !header.name.isEmpty, header.name.utf8.allSatisfy(Self.isTokenByte) else {
                throw .invalidRequest(reason: "a header has an invalid name")
            }
            guard !Self.ownHeaders.contains(header.name.lowercased()) else {
                throw .invalidRequest(reason: "the header \(header.name) is the client's own")
            }
            guard header.value.utf8.allSatisfy({ $0 == 9 || ($0 >= 32 && $0 != 127) }) else {
                throw .invalidRequest(reason: "the header \(header.name) holds a control character")
            }
        }
        guard headers.reduce(0, { $0 + $1.name.utf8.count + $1.value.utf8.count }) <= Self.maximumHeaderBytes else {
            throw .invalidRequest(reason: "the headers are longer than \(Self.maximumHeaderBytes) bytes")
        }
    }

    /// Fields that say where a message ends or whom it is for: a second opinion
    /// on those is how requests are smuggled.
    private static let ownHeaders: Set<String> = [
        "connection", "content-length", "expect", "host", "keep-alive", "proxy-authorization", "proxy-connection",
        "te", "trailer", "transfer-encoding", "upgrade",
    ]

    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}
