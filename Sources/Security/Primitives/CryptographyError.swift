/// What can go wrong beneath the primitives.
public enum CryptographyError: Error, Equatable, Sendable, CustomStringConvertible {
    /// More random bytes than one call gives, or fewer than none.
    case invalidCount(Int)
    /// OpenSSL's generator failed; `code` is what its error queue said.
    case randomUnavailable(code: UInt)

    /// One sentence for an operator.
    public var description: String {
        switch self {
        case .invalidCount(let count): "cannot give \(count) random bytes in one call"
        case .randomUnavailable(let code): "the random generator failed (OpenSSL error \(code))"
        }
    }
}
