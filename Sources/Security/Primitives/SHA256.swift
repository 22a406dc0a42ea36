import COpenSSL
import Foundation

/// SHA-256 as FIPS 180-4 has it, by OpenSSL's libcrypto.
public enum SHA256 {
    /// The length of a digest in bytes.
    public static let byteCount = 32

    /// Hashes `bytes` and returns the 32 bytes of the digest.
    public static func hash(_ bytes: some ContiguousBytes) -> [UInt8] {
        bytes.withUnsafeBytes { buffer in
            var digest = [UInt8](repeating: 0, count: byteCount)
            let outcome = EVP_Digest(buffer.baseAddress, buffer.count, &digest, nil, algorithm, nil)
            // Only a libcrypto without SHA-256 or without memory fails here. To go
            // on with 32 zeros would let any key in, so the process stops instead.
            precondition(outcome == 1, "libcrypto could not compute SHA-256")
            return digest
        }
    }

    /// Hashes the UTF-8 form of `text` and returns the 32 bytes of the digest.
    public static func hash(_ text: String) -> [UInt8] {
        var text = text
        return text.withUTF8 { hash(UnsafeRawBufferPointer($0)) }
    }

    /// Looked up once: `EVP_sha256()` would be looked up again, behind a lock, for
    /// every digest. `nonisolated(unsafe)`: libcrypto's algorithms are never
    /// changed, and may be used from every thread.
    private nonisolated(unsafe) static let algorithm = EVP_MD_fetch(nil, "SHA256", nil)
}
