import Domain

/// Whose key, and which.
struct KeyedCall: Hashable, Sendable {
    let caller: String
    let key: String

    init(_ request: IdempotencyRequest) {
        caller = request.caller
        key = request.key
    }
}
