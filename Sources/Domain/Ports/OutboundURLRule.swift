/// Knows early which URLs of the users' systems would never be called. What a
/// name means is decided when it is called; this sees what is written.
public protocol OutboundURLRule: Sendable {
    /// What is wrong with `url`, as a sentence's end for the caller ("must begin
    /// with http:// or https://"), or nil: its syntax, its scheme, user
    /// information, an address that is forbidden in whatever notation.
    func problem(with url: String) -> String?
}
