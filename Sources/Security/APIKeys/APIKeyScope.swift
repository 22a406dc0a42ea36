/// What an API key may do. Each scope holds the one before it.
public enum APIKeyScope: String, CaseIterable, Comparable, Codable, Sendable {
    case read, write, admin

    /// Whether a key of this scope may do what needs `required`.
    public func allows(_ required: APIKeyScope) -> Bool {
        self >= required
    }

    /// Orders by power: read, write, admin.
    public static func < (left: APIKeyScope, right: APIKeyScope) -> Bool {
        left.rank < right.rank
    }

    private var rank: Int {
        switch self {
        case .read: 0
        case .write: 1
        case .admin: 2
        }
    }
}
