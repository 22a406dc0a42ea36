/// Why a text is not a network.
public enum IPNetworkError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The part before the slash is no address in the plain notation.
    case notAnAddress(String)
    /// The part after the slash is no number between 0 and `most`.
    case badPrefixLength(String, most: Int)
    /// The address has bits set that the prefix does not count; `meant` is the
    /// network without them.
    case bitsBeyondPrefix(String, meant: String)
    /// An IPv4 network inside IPv6 notation.
    case mapped(String)
    /// A list of more networks than it may hold.
    case tooMany(limit: Int)

    /// One sentence for an operator.
    public var description: String {
        switch self {
        case .notAnAddress(let text):
            "'\(text)' is not an IP address or network such as 127.0.0.1, 10.0.0.0/8 or fd00::/8"
        case .badPrefixLength(let text, let most): "the prefix length of '\(text)' must be a number from 0 to \(most)"
        case .bitsBeyondPrefix(let text, let meant): "'\(text)' has bits set beyond its prefix; did you mean \(meant)?"
        case .mapped(let text): "'\(text)' is IPv4 inside of IPv6; write it as an IPv4 network"
        case .tooMany(let limit): "more than \(limit) networks"
        }
    }
}
