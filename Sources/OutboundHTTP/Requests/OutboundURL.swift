import CCurl
import Foundation

/// A URL that a call can be made to, read by the parser that will make the call:
/// libcurl's. Two parsers that disagree are how guards are got past.
///
/// For an early and clear refusal, when a URL is registered. What counts is still
/// what the address policy says when the call is made: a name has no address
/// before that, and another one a moment later.
public struct OutboundURL: Hashable, Sendable, CustomStringConvertible {
    /// The longest URL that is taken unless told otherwise, in bytes.
    public static let maximumBytes = 2048

    /// The URL as it was given.
    public let text: String
    /// `http` or `https`.
    public let scheme: String
    /// The host as libcurl will look it up: lower case, without brackets, an IPv4
    /// address always as four decimal numbers.
    public let host: String
    /// The port, the scheme's own where the URL has none.
    public let port: UInt16
    /// Where the host is an IP address and not a name, in whatever notation
    /// (`127.1`, `0x7f000001`, `[::ffff:127.0.0.1]`): its 4 or 16 bytes in network
    /// order.
    public let literalAddress: [UInt8]?

    /// Reads an absolute `http` or `https` URL with a host, of printable ASCII (an
    /// international name in its `xn--` form). Refused, with the reason: user
    /// information, a fragment (it would never be sent), an IPv6 zone, port 0, a
    /// host that is neither a name nor an address but looks like one.
    public init(_ text: String, maximumBytes: Int = OutboundURL.maximumBytes) throws(OutboundURLError) {
        try self.init(text, maximumBytes: maximumBytes, allowsFragment: false)
    }

    init(_ text: String, maximumBytes: Int, allowsFragment: Bool) throws(OutboundURLError) {
        try Self.checkText(text, maximumBytes: maximumBytes)
        guard let parts = CurlURL() else { throw .unreadable }
        try parts.read(text)
        guard allowsFragment || !text.utf8.contains(UInt8(ascii: "#")) else { throw .fragment }
        guard let scheme = parts.part(CURLUPART_SCHEME), ["http", "https"].contains(scheme) else {
            throw .unsupportedScheme
        }
        guard parts.part(CURLUPART_ZONEID) == nil else { throw .zone }
        guard let host = parts.part(CURLUPART_HOST)?.lowercased(), !host.isEmpty else { throw .noHost }
        guard let port = parts.part(CURLUPART_PORT).flatMap({ UInt16($0) }), port > 0 else { throw .badPort }
        self.text = text
        self.scheme = scheme
        self.port = port
        (self.host, literalAddress) = try Self.read(host: host)
    }

    /// Scheme, host and port, without path and query, which can hold secrets: fit
    /// for a log line.
    public var description: String {
        "\(scheme)://\(authority)"
    }

    /// What the bounds for one host go by: host and port, the same with and
    /// without the dot that ends a full name.
    var destination: String {
        host.hasSuffix(".") ? "\(host.dropLast()):\(port)" : authority
    }

    private var authority: String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    /// What libcurl would let through or repair, and a reader would see otherwise.
    private static func checkText(_ text: String, maximumBytes: Int) throws(OutboundURLError) {
        guard text.utf8.count <= maximumBytes else { throw .tooLong(limit: maximumBytes) }
        guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) && !"\"<>\\".utf8.contains($0) }) else {
            throw .badCharacter
        }
        guard let mark = text.range(of: "://"), !text[..<mark.lowerBound].contains(where: { "/?#".contains($0) }) else {
            throw .notAbsolute
        }
        let authority = text[mark.upperBound...].prefix { !"/?#".contains($0) }
        guard !authority.isEmpty else { throw .noHost }
        guard !authority.contains("@") else { throw .userInformation }
    }

    private static func read(host: String) throws(OutboundURLError) -> (String, [UInt8]?) {
        if host.hasPrefix("["), host.hasSuffix("]") {
            let inner = String(host.dropFirst().dropLast())
            guard let bytes = NumericHost.bytes(of: inner) else { throw .badHost }
            return (inner, bytes)
        }
        guard host.utf8.allSatisfy(isNameByte), host.utf8.count <= 254 else { throw .badHost }
        if let bytes = NumericHost.bytes(of: host) { return (host, bytes) }
        // "127.0.0.1." or "1.2.3.4.5": no name ends in a number, so whoever wrote
        // it means an address.
        guard !NumericHost.endsInNumber(host) else { throw .badHost }
        return (host, nil)
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: "-._".utf8.contains(byte)
        }
    }
}
