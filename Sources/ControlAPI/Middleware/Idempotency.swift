import Domain

/// What keyed calls need; filled in by the composition root.
public struct Idempotency: Sendable {
    var log: any IdempotencyLog
    var sha256: @Sendable ([UInt8]) -> [UInt8]

    /// - Parameters:
    ///   - log: where keys and answers are kept.
    ///   - sha256: the 32 bytes of a digest; ControlAPI knows no cryptography.
    public init(log: any IdempotencyLog, sha256: @escaping @Sendable ([UInt8]) -> [UInt8]) {
        self.log = log
        self.sha256 = sha256
    }
}
