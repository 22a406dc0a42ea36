import Domain
import Security

/// The product's key ring with one key in it, which may do everything.
struct OneKey: CallerAuthenticator {
    static let secret = "counted-secret"

    private let ring: APIKeyRing

    init() throws { ring = try APIKeyRing(environment: "count=admin:\(Self.secret)") }

    func caller(bearing credential: String, now: Timestamp) throws(CredentialRefusal) -> Caller {
        guard let key = ring.authenticate(credential) else { throw .unknown }
        return Caller(name: key.name, scope: .admin, keyDigest: APIKeyRing.digest(of: credential))
    }
}
