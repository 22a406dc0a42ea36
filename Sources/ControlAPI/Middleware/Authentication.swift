import Domain
import HTTPServer

/// Finds out who calls, and whether the caller may.
struct Authentication: Sendable {
    var authenticator: (any CallerAuthenticator)?
    var clock: any TurngateClock

    /// The caller of a request that needs `scope`; nil where no keys are
    /// configured. Throws 401 and 403.
    func caller(of headers: HTTPHeaders, needing scope: Caller.Scope) throws(Problem) -> Caller? {
        guard let authenticator else { return nil }
        let fields = headers.all("Authorization")
        guard !fields.isEmpty else {
            throw Self.unauthenticated("Send `Authorization: Bearer` with an API key.", error: nil)
        }
        guard fields.count == 1, let secret = Self.bearer(fields[0]) else {
            throw Self.unauthenticated("Authorization is not of the form `Bearer KEY`.", error: "invalid_request")
        }
        let caller: Caller
        do {
            caller = try authenticator.caller(bearing: secret, now: clock.now)
        } catch {
            throw Self.unauthenticated("The API key is not known.", error: "invalid_token")
        }
        guard caller.scope >= scope else { throw Problem(forbiddenWithout: scope) }
        return caller
    }

    private static func bearer(_ field: String) -> String? {
        let parts = field.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].equalsIgnoringCase("Bearer") else { return nil }
        let secret = parts[1].trimmingSpace
        return secret.isEmpty ? nil : String(secret)
    }

    private static func unauthenticated(_ detail: String, error: String?) -> Problem {
        let reason = error.map { ", error=\"\($0)\"" } ?? ""
        return Problem(.unauthenticated, detail).header("WWW-Authenticate", "Bearer realm=\"turngate\"\(reason)")
    }
}

extension Problem {
    /// The key's scope is less than `scope`.
    init(forbiddenWithout scope: Caller.Scope) {
        let challenge = "Bearer realm=\"turngate\", error=\"insufficient_scope\", scope=\"\(scope)\""
        self = Problem(.forbidden, "This call needs a key with the scope \(scope).")
            .adding("required_scope", "\(scope)")
            .header("WWW-Authenticate", challenge)
    }
}
