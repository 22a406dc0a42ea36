import Domain
import Security

/// The product's key ring with one key in it, which may do everything.
struct OneKey: CallerAuthenticator {
    static let secret = "counted-secret"

    private let ring: APIKeyRing

    init() throws { ring = try APIKeyRing(environment: "count=admin:\(Self.secret)") }

    func caller(bearing credential: String, now: Timestamp) throws(CredentialRefusal) -> Caller {
        let digest = APIKeyRing.digest(of: credential)
        guard let key = ring.authenticate(presentedDigest: digest) else { throw .unknown }
        return Caller(name: key.name, scope: .admin, keyDigest: digest)
    }
}
