import Domain

/// What decides whether the service can call the users' systems as asked.
struct OutboundRules: Sendable {
    /// Which URLs may be called.
    var urls: any OutboundURLRule
    /// Whether the service has a secret of its own to sign calls with.
    var serviceSigns: Bool

    /// What a URL may be.
    var url: OutboundURLText { OutboundURLText(rule: urls) }
}

/// A URL that may be called: short enough, then what the rule says.
struct OutboundURLText: TextChecking {
    let rule: any OutboundURLRule

    func problem(with text: String) -> String? { Limits.url.problem(with: text) ?? rule.problem(with: text) }
}
