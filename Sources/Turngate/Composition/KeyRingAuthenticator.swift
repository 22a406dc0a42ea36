import Domain
import Security
import Synchronization

/// The API keys in force; another ring can be put in while calls come.
final class KeyRingAuthenticator: CallerAuthenticator {
    private let ring: Mutex<APIKeyRing>

    init(_ ring: APIKeyRing) { self.ring = Mutex(ring) }

    func replace(with new: APIKeyRing) { ring.withLock { $0 = new } }

    func caller(bearing secret: String) -> Caller? {
        let current = ring.withLock { $0 }
        return current.authenticate(secret).map { Caller(name: $0.name, scope: Caller.Scope($0.scope)) }
    }
}

extension Caller.Scope {
    fileprivate init(_ scope: APIKeyScope) {
        self =
            switch scope {
            case .read: .read
            case .write: .write
            case .admin: .admin
            }
    }
}
