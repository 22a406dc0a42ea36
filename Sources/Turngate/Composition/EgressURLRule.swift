import Domain
import OutboundHTTP
import Security

/// The early word on URLs that would never be called, from the parser that
/// would call them and the guard that would refuse them.
struct EgressURLRule: OutboundURLRule {
    let policy: EgressPolicy

    func problem(with url: String) -> String? {
        do throws(OutboundURLError) {
            let parsed = try OutboundURL(url)
            guard let address = parsed.literalAddress, let refusal = policy.refusal(address) else { return nil }
            return "leads to an address that must not be called: \(refusal)"
        } catch {
            return "cannot be called: \(error)"
        }
    }
}
