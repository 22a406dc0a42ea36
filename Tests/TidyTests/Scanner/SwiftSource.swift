/// One Swift file, read once for all rules.
struct SwiftSource {
    /// From the project's root, with `/`.
    let path: String
    let lineCount: Int
    let tokens: [SwiftToken]
    let commentLines: Set<Int>
    let documentationLines: Set<Int>

    init(path: String, text: String) {
        self.path = path
        let lexer = SwiftLexer(text)
        lineCount = text.utf8.count { $0 == UInt8(ascii: "\n") } + (text.isEmpty || text.hasSuffix("\n") ? 0 : 1)
        tokens = lexer.tokens
        commentLines = lexer.commentLines
        documentationLines = lexer.documentationLines
    }

    /// The target's folder: `Sources/Domain/…` is `Domain`.
    var target: String? {
        let parts = path.split(separator: "/")
        return parts.count > 2 ? String(parts[1]) : nil
    }

    /// Written by a generator, not by us.
    var isGenerated: Bool { path.hasSuffix(".pb.swift") }

    func text(at index: Int) -> String? { tokens.indices.contains(index) ? tokens[index].text : nil }

    /// Whether there is a comment on `line` or in the three lines before.
    func isExplained(line: Int) -> Bool { (max(1, line - 3)...line).contains { commentLines.contains($0) } }
}
