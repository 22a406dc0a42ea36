/// What can end the process or get past the compiler's checks.
enum Safety {
    /// The targets that hold C handles and may vouch for what the compiler
    /// cannot see, each time with the reason beside it.
    static let wrappers: Set<String> = ["HTTPServer", "Postgres", "LiveKitRoom", "Security", "OutboundHTTP"]
    private static let traps: Set<String> = ["fatalError", "preconditionFailure"]

    static func findings(in file: SwiftSource) -> [Finding] {
        file.tokens.indices.compactMap { index in
            guard let what = trap(at: index, in: file) ?? vouching(at: index, in: file) else { return nil }
            return Finding(path: file.path, line: file.tokens[index].line, what: what)
        }
    }

    /// Crashes are for tests, and for what helps them.
    private static func trap(at index: Int, in file: SwiftSource) -> String? {
        guard file.target != "TestSupport" else { return nil }
        let token = file.tokens[index]
        if traps.contains(token.text), file.text(at: index + 1) == "(" { return "`\(token.text)` ends the process" }
        guard token.text == "!", !token.spaceBefore, index > 0 else { return nil }
        let before = file.tokens[index - 1]
        guard before.isWord || [")", "]", "}", "\"", "?", ">", "`"].contains(before.text) else { return nil }
        // `a!=b` compares.
        if let next = file.text(at: index + 1), next == "=", !file.tokens[index + 1].spaceBefore { return nil }
        switch before.text {
        case "try": return "`try!`"
        case "as": return "`as!`"
        default: return "force unwrap after `\(before.text)`"
        }
    }

    private static func vouching(at index: Int, in file: SwiftSource) -> String? {
        let token = file.tokens[index]
        let what: String
        if token.text == "unchecked", file.text(at: index - 1) == "@" {
            what = "`@unchecked`"
        } else if token.text == "unsafe", file.text(at: index - 1) == "(", file.text(at: index - 2) == "nonisolated" {
            what = "`nonisolated(unsafe)`"
        } else {
            return nil
        }
        guard let target = file.target, wrappers.contains(target) else { return "\(what) outside the C wrappers" }
        return file.isExplained(line: token.line) ? nil : "\(what) without its reason in a comment"
    }
}
