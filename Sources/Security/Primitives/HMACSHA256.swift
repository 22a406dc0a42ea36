import COpenSSL
import Foundation

/// HMAC with SHA-256 as RFC 2104 has it, by OpenSSL's libcrypto.
public enum HMACSHA256 {
    /// Returns the 32 bytes of the authentication code of `message` under `key`.
    /// A key of any length is taken; one shorter than 32 bytes is weak.
    public static func authenticationCode(for message: some ContiguousBytes, key: some ContiguousBytes) -> [UInt8] {
        key.withUnsafeBytes { key in
            message.withUnsafeBytes { message in code(message, key) }
        }
    }

    /// Whether `code` is the authentication code of `message` under `key`,
    /// compared in constant time.
    public static func isValid(
        _ code: some ContiguousBytes, for message: some ContiguousBytes, key: some ContiguousBytes
    ) -> Bool {
        constantTimeEqual(code, authenticationCode(for: message, key: key))
    }

    private static func code(_ message: UnsafeRawBufferPointer, _ key: UnsafeRawBufferPointer) -> [UInt8] {
        precondition(key.count <= Int(Int32.max), "a key of more than 2 GiB is a mistake of the caller")
        var code = [UInt8](repeating: 0, count: SHA256.byteCount)
        // The pointer to an empty Swift array can be nil, which HMAC() would read
        // as "the key of last time"; an empty key must stay an empty key.
        let produced = withUnsafePointer(to: UInt8(0)) { none in
            HMAC(
                EVP_sha256(), key.baseAddress ?? UnsafeRawPointer(none), Int32(key.count),
                message.assumingMemoryBound(to: UInt8.self).baseAddress, message.count, &code, nil)
        }
        precondition(produced != nil, "libcrypto could not compute HMAC-SHA-256")
        return code
    }
}
