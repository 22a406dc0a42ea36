import COpenSSL
import Foundation

/// Bytes that nobody can guess, from OpenSSL's generator.
public enum SecureRandom {
    /// The most bytes that one call gives.
    public static let maximumCount = 1 << 20

    /// Returns `count` random bytes.
    ///
    /// Throws `invalidCount` unless `count` is between 0 and `maximumCount`, and
    /// `randomUnavailable` where the system has no entropy to give.
    public static func bytes(_ count: Int) throws(CryptographyError) -> [UInt8] {
        guard (0...maximumCount).contains(count) else { throw .invalidCount(count) }
        var bytes = [UInt8](repeating: 0, count: count)
        guard RAND_bytes(&bytes, Int32(count)) == 1 else { throw .randomUnavailable(code: ERR_get_error()) }
        return bytes
    }
}
