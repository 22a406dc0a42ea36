import ControlAPI
import Foundation
import Security

extension SettingsReader {
    /// The most secrets that sign at once: the new and the old one of a rotation.
    private static let secrets = 2

    /// Nil without a limit, or when one of the numbers is wrong. A burst alone
    /// limits nothing and is a mistake.
    mutating func rateLimit() -> RateLimitRule? {
        let limit = number(.rateLimit, in: 0...100_000)
        var burst: Int?
        if settings[.rateBurst] != nil {
            burst = number(.rateBurst, in: 1...1_000_000)
            if limit == 0 { report(.rateBurst, "says nothing without \(Setting.rateLimit.rawValue)") }
        }
        guard let limit, limit > 0 else { return nil }
        return RateLimitRule(perSecond: limit, burst: burst ?? 2 * limit)
    }

    /// Every one that is wrong is reported by its place, never by its text.
    mutating func webhookSecrets() -> [WebhookSecret] {
        guard let text = settings[.webhookSecret] else { return [] }
        let parts = text.split(separator: ",", omittingEmptySubsequences: false)
        guard parts.count <= Self.secrets else {
            report(.webhookSecret, "must be one secret, or two during a rotation")
            return []
        }
        var secrets: [WebhookSecret] = []
        for (index, part) in parts.enumerated() {
            do throws(WebhookSecretError) {
                secrets.append(try WebhookSecret(text: part.trimmingCharacters(in: .whitespaces)))
            } catch {
                report(.webhookSecret, "entry \(index + 1): \(error)")
            }
        }
        return secrets
    }

    /// Networks with commas between; every one that is wrong is reported.
    mutating func networks(_ setting: Setting) -> [IPNetwork] {
        guard let text = settings[setting] else { return [] }
        let parts = text.split(separator: ",", omittingEmptySubsequences: false)
        if parts.count > IPNetwork.maximumCount { report(setting, "has more than \(IPNetwork.maximumCount) networks") }
        var networks: [IPNetwork] = []
        for (index, part) in parts.prefix(IPNetwork.maximumCount).enumerated() {
            do throws(IPNetworkError) {
                networks.append(try IPNetwork(String(part)))
            } catch {
                report(setting, "entry \(index + 1): \(Self.advice(error))")
            }
        }
        return networks
    }

    /// What cannot be read may be anything, a secret for instance.
    private static func advice(_ error: IPNetworkError) -> String {
        switch error {
        case .notAnAddress, .badPrefixLength: "must be an IP address or a network such as 10.0.0.0/8 or fd00::/8"
        case .bitsBeyondPrefix, .mapped, .tooMany: "\(error)"
        }
    }
}
