import Foundation

/// `scheme://user:password@host/path?password=…`
enum URIMask {
    static func mask(_ text: String) -> String {
        guard let scheme = text.range(of: "://") else { return text }
        let rest = text[scheme.upperBound...]
        let (head, query) = divide(maskUserInfo(rest), at: "?")
        return text[..<scheme.upperBound] + head + (query.map { "?" + maskQuery($0) } ?? "")
    }

    /// Hides what is between the first colon and the last `@` of the authority. A
    /// password with an unescaped `/`, `?` or `#` ends the authority too early for
    /// a strict reader; such a text is masked up to its very last `@`.
    private static func maskUserInfo(_ rest: Substring) -> String {
        let authority = rest.prefix { !"/?#".contains($0) }
        guard let colon = authority.firstIndex(of: ":") else { return String(rest) }
        let searched: Substring
        if authority.contains("@") {
            searched = authority
        } else if authority[authority.index(after: colon)...].allSatisfy(\.isNumber) {
            searched = rest.prefix { $0 != "?" }
        } else {
            searched = rest
        }
        guard let at = searched.lastIndex(of: "@"), colon < at else { return String(rest) }
        return rest[...colon] + SecretMask.placeholder + rest[at...]
    }

    private static func maskQuery(_ query: String) -> String {
        query.split(separator: "&", omittingEmptySubsequences: false).map { parameter in
            let (name, value) = divide(String(parameter), at: "=")
            guard value != nil, SecretMask.isSecret(parameter: name.removingPercentEncoding ?? name) else {
                return String(parameter)
            }
            return "\(name)=\(SecretMask.placeholder)"
        }.joined(separator: "&")
    }

    private static func divide(_ text: String, at mark: Character) -> (String, String?) {
        guard let index = text.firstIndex(of: mark) else { return (text, nil) }
        return (String(text[..<index]), String(text[text.index(after: index)...]))
    }
}
