import Domain

/// What callers may come with: API keys, and LiveKit's tokens beside them.
struct CredentialAuthenticator: CallerAuthenticator {
    let keys: KeyRingAuthenticator
    let tokens: LiveKitTokenAuthenticator

    /// Keys first: one may look like a token.
    func caller(bearing credential: String, now: Timestamp) throws(CredentialRefusal) -> Caller {
        do throws(CredentialRefusal) {
            return try keys.caller(bearing: credential, now: now)
        } catch {
            guard LiveKitTokenAuthenticator.hasShape(credential) else { throw error }
        }
        return try tokens.caller(bearing: credential, now: now)
    }

    func stillAdmits(_ caller: Caller, for scope: Caller.Scope, now: Timestamp) -> Bool {
        caller.keyDigest == nil
            ? tokens.stillAdmits(caller, for: scope, now: now) : keys.stillAdmits(caller, for: scope, now: now)
    }
}
