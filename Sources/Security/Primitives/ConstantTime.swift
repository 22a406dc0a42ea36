import COpenSSL
import Foundation

/// Whether two byte strings are equal, in a time that depends on their lengths
/// only, never on where they differ. Different lengths give false at once: what
/// an attacker learns then is a length, not content.
public func constantTimeEqual(_ left: some ContiguousBytes, _ right: some ContiguousBytes) -> Bool {
    left.withUnsafeBytes { left in
        right.withUnsafeBytes { right in
            guard left.count == right.count else { return false }
            guard let first = left.baseAddress, let second = right.baseAddress else { return true }
            return CRYPTO_memcmp(first, second, left.count) == 0
        }
    }
}

/// Whether the UTF-8 forms of two strings are equal, in constant time as above.
public func constantTimeEqual(_ left: String, _ right: String) -> Bool {
    constantTimeEqual(Array(left.utf8), Array(right.utf8))
}
