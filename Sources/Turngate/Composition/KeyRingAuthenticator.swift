import Domain
import Security
import Synchronization

/// The API keys in force; another ring can be put in while calls come.
final class KeyRingAuthenticator: CallerAuthenticator {
    private let ring: Mutex<APIKeyRing>

    init(_ ring: APIKeyRing) { self.ring = Mutex(ring) }

    func replace(with new: APIKeyRing) { ring.withLock { $0 = new } }

    func caller(bearing credential: String, now: Timestamp) throws(CredentialRefusal) -> Caller {
        let current = ring.withLock { $0 }
        guard let key = current.authenticate(credential) else { throw .unknown }
        return Caller(name: key.name, scope: Caller.Scope(key.scope))
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
