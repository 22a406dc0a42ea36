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
        let digest = APIKeyRing.digest(of: credential)
        guard let key = current.authenticate(presentedDigest: digest) else { throw .unknown }
        return Caller(name: key.name, scope: Caller.Scope(key.scope), keyDigest: digest)
    }

    /// By the secret: a key that has another one now is another key.
    func stillAdmits(_ caller: Caller, for scope: Caller.Scope, now: Timestamp) -> Bool {
        let current = ring.withLock { $0 }
        guard let key = caller.keyDigest.flatMap({ current.key(digest: $0) }) else { return false }
        return Caller.Scope(key.scope) >= scope
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
