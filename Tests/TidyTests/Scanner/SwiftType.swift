/// A type, protocol or extension with its body.
struct SwiftType: Equatable {
    var keyword: String
    var name: String
    /// What stands behind the colon: protocols, a superclass, a raw type.
    var inherited: Set<String>
    /// The body's tokens, braces excluded.
    var body: Range<Int>
}

extension SwiftSource {
    private static let typeWords: Set<String> = ["struct", "class", "enum", "actor", "protocol", "extension"]

    /// Every type, protocol and extension, nested ones too.
    var types: [SwiftType] {
        tokens.indices.compactMap { index in
            guard Self.typeWords.contains(tokens[index].text), index + 1 < tokens.count else { return nil }
            guard tokens[index + 1].isWord, text(at: index - 1) != ".", text(at: index - 1) != ":" else { return nil }
            guard let opening = bodyStart(after: index), let closing = matchingBrace(of: opening) else { return nil }
            var head = tokens[(index + 1)..<opening].map(\.text)
            if let clause = head.firstIndex(of: "where") { head.removeSubrange(clause...) }
            let parts = head.split(separator: ":", maxSplits: 1)
            // `extension A.B` extends `B`.
            guard let name = parts.first?.prefix(while: { $0 != "<" }).last else { return nil }
            return SwiftType(
                keyword: tokens[index].text, name: name, inherited: Set(parts.count > 1 ? parts[1] : []),
                body: (opening + 1)..<closing)
        }
    }

    /// The innermost type around the token at `index`.
    static func innermost(_ types: [SwiftType], around index: Int) -> SwiftType? {
        types.filter { $0.body.contains(index) }.min { $0.body.count < $1.body.count }
    }
}
