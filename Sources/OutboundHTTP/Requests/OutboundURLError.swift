/// Why a URL cannot be called. It never repeats the URL, which can hold secrets.
public enum OutboundURLError: Error, Equatable, Sendable, CustomStringConvertible {
    /// It has more than `limit` bytes.
    case tooLong(limit: Int)
    /// It holds something other than printable ASCII, or a space, a quotation
    /// mark, an angle bracket or a backslash.
    case badCharacter
    /// It has no scheme.
    case notAbsolute
    /// Its scheme is not `http` or `https`.
    case unsupportedScheme
    /// It has a user or a password.
    case userInformation
    /// It has no host.
    case noHost
    /// Its host is neither a name nor an IP address.
    case badHost
    /// Its IPv6 address has a zone, which means something on one machine only.
    case zone
    /// Its port is not a number from 1 to 65535.
    case badPort
    /// It has a fragment, which is never sent.
    case fragment
    /// libcurl cannot read it.
    case unreadable

    /// One sentence, to stand after a field's name.
    public var description: String {
        switch self {
        case .tooLong(let limit): "the URL is longer than \(limit) bytes"
        case .badCharacter:
            "the URL must be printable ASCII without spaces and backslashes "
                + "(international names as xn--, anything else percent-encoded)"
        case .notAbsolute: "the URL must be absolute: http:// or https://"
        case .unsupportedScheme: "the URL's scheme must be http or https"
        case .userInformation: "the URL must not hold a user or password"
        case .noHost: "the URL has no host"
        case .badHost: "the URL's host is neither a name nor an IP address"
        case .zone: "the URL's address must not have a zone"
        case .badPort: "the URL's port must be a number from 1 to 65535"
        case .fragment: "the URL must not have a fragment"
        case .unreadable: "the URL cannot be read"
        }
    }
}
