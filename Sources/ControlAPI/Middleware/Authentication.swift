import Domain
import HTTPServer

/// Finds out who calls.
struct Authentication: Sendable {
    var authenticator: (any CallerAuthenticator)?
    var clock: any TurngateClock

    /// The caller; nil where no keys are configured. Throws 401, and 403 for a
    /// token that allows nothing here.
    func caller(of headers: HTTPHeaders) throws(Problem) -> Caller? {
        guard let authenticator else { return nil }
        let fields = headers.all("Authorization")
        guard !fields.isEmpty else {
            throw Self.unauthenticated("Send `Authorization: Bearer` with an API key or a LiveKit token.", error: nil)
        }
        guard fields.count == 1, let secret = Self.bearer(fields[0]) else {
            throw Self.unauthenticated("Authorization is not of the form `Bearer KEY`.", error: "invalid_request")
        }
        do {
            return try authenticator.caller(bearing: secret, now: clock.now)
        } catch {
            throw Self.problem(error)
        }
    }

    /// What an answer that goes on looks at; nil where no keys are configured.
    func standing(of caller: Caller?, for scope: Caller.Scope) -> CallerStanding? {
        guard let authenticator, let caller else { return nil }
        return CallerStanding(caller: caller, scope: scope, authenticator: authenticator)
    }

    private static func bearer(_ field: String) -> String? {
        if field.hasPrefix(usualScheme), let secret = plainSecret(field.utf8.dropFirst(usualScheme.utf8.count)) {
            return secret
        }
        let parts = field.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].equalsIgnoringCase("Bearer") else { return nil }
        let secret = parts[1].trimmingSpace
        return secret.isEmpty ? nil : String(secret)
    }

    private static let usualScheme = "Bearer "

    /// One without white space around or inside it, which is to be had without
    /// looking at characters.
    private static func plainSecret(_ bytes: Substring.UTF8View) -> String? {
        bytes.isEmpty || bytes.contains(where: { $0 <= 0x20 }) ? nil : String(bytes)
    }

    private static func problem(_ refusal: CredentialRefusal) -> Problem {
        switch refusal {
        case .unknown: unauthenticated("The API key or token is not known.", error: "invalid_token")
        case .expired: unauthenticated("The token has expired.", error: "invalid_token")
        case .notYetValid: unauthenticated("The token is not valid yet.", error: "invalid_token")
        case .powerless:
            Problem(.forbidden, "The token does not administer a room: its grants need roomAdmin and a room.")
                .header("WWW-Authenticate", "\(challenge), error=\"insufficient_scope\"")
        }
    }

    private static let challenge = "Bearer realm=\"turngate\""

    /// The details are ours and have no quotes, so they can stand between some.
    private static func unauthenticated(_ detail: String, error: String?) -> Problem {
        let reason = error.map { ", error=\"\($0)\", error_description=\"\(detail.replacing("`", with: "'"))\"" } ?? ""
        return Problem(.unauthenticated, detail).header("WWW-Authenticate", challenge + reason)
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
