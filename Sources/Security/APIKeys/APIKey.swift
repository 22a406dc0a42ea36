/// An API key as the rest of the process knows it: who, and how far. The secret
/// is not part of it.
public struct APIKey: Hashable, Sendable {
    /// The name in the configuration; it is the `actor` in histories.
    public let name: String
    /// What the key may do.
    public let scope: APIKeyScope

    /// A key of this name and scope.
    public init(name: String, scope: APIKeyScope) {
        self.name = name
        self.scope = scope
    }
}
