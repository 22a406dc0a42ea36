/// Every `public` or `package` declaration says what it is.
enum Documentation {
    private static let kinds: Set<String> = [
        "func", "var", "let", "init", "struct", "class", "enum", "actor", "protocol", "typealias", "subscript", "macro",
    ]
    private static let access: Set<String> = ["public", "package", "open"]
    /// Words that may stand between the access word and the kind.
    private static let modifiers: Set<String> = [
        "static", "final", "mutating", "nonmutating", "nonisolated", "override", "convenience", "required", "lazy",
        "weak",
        "indirect", "isolated", "distributed", "consuming", "borrowing", "unowned", "unsafe", "private", "set",
        "dynamic",
    ]
    /// Witnesses of well-known protocols say nothing new.
    private static let witnesses: Set<String> = [
        "=", "<", "hash", "description", "debugDescription", "errorDescription", "encode", "rawValue", "allCases",
        "makeIterator", "makeAsyncIterator", "next", "startIndex", "endIndex",
    ]

    /// Findings in one file; `requirements` are those of the whole tree.
    static func findings(in file: SwiftSource, requirements: Requirements) -> [Finding] {
        let types = file.types
        return file.tokens.indices.compactMap { index in
            guard isAccess(at: index, in: file), let kind = kind(after: index, in: file) else { return nil }
            let line = firstLine(of: index, in: file)
            guard !file.documentationLines.contains(line - 1), !isObvious(kind, in: file) else { return nil }
            if let type = SwiftSource.innermost(types, around: index), let member = file.text(at: kind + 1) {
                guard !requirements.isWitness(member, of: type.name) else { return nil }
            }
            let name = file.text(at: kind + 1).map { $0 == "(" ? "" : " \($0)" } ?? ""
            return Finding(path: file.path, line: line, what: "`\(file.tokens[kind].text)\(name)` is not documented")
        }
    }

    /// Whether the token is an access word: after a dot (`.open`) it is a name.
    private static func isAccess(at index: Int, in file: SwiftSource) -> Bool {
        access.contains(file.tokens[index].text) && file.text(at: index - 1) != "."
    }

    /// The index of the declaration's kind, if a declaration follows; extensions
    /// and imports are none.
    private static func kind(after index: Int, in file: SwiftSource) -> Int? {
        var position = index + 1
        while let word = file.text(at: position) {
            // `class func` is a modifier and a kind.
            if word == "class", file.text(at: position + 1) == "func" { position += 1 }
            if kinds.contains(word) { return position }
            guard modifiers.contains(word) || word == "(" || word == ")" else { return nil }
            // `public(set)` is no declaration of its own.
            if word == "(", position == index + 1 { return nil }
            position += 1
        }
        return nil
    }

    /// The line where the declaration begins, its attributes and the modifiers
    /// before its access word included.
    private static func firstLine(of index: Int, in file: SwiftSource) -> Int {
        var line = file.tokens[index].line
        var position = index - 1
        while position >= 0 {
            let token = file.tokens[position]
            if modifiers.contains(token.text) {
                line = token.line
                position -= 1
            } else if let attribute = attributeStart(endingAt: position, in: file) {
                line = file.tokens[attribute].line
                position = attribute - 1
            } else {
                break
            }
        }
        return line
    }

    /// The `@` of an attribute (`@Sendable`, `@available(…)`) that ends at `position`.
    private static func attributeStart(endingAt position: Int, in file: SwiftSource) -> Int? {
        var position = position
        if file.text(at: position) == ")" {
            var depth = 0
            repeat {
                if file.text(at: position) == ")" { depth += 1 }
                if file.text(at: position) == "(" { depth -= 1 }
                position -= 1
            } while depth > 0 && position > 0
        }
        return file.text(at: position - 1) == "@" ? position - 1 : nil
    }

    /// An initialiser that can neither fail nor throw is described by its type.
    private static func isObvious(_ kind: Int, in file: SwiftSource) -> Bool {
        guard file.tokens[kind].text == "init" else { return witnesses.contains(file.text(at: kind + 1) ?? "") }
        guard let next = file.text(at: kind + 1), next != "?" else { return false }
        if file.text(at: kind + 2) == "from", file.text(at: kind + 3) == "decoder" { return true }
        var position = kind + 1
        while let word = file.text(at: position), word != "{" {
            if word == "throws" { return false }
            position += 1
        }
        return true
    }
}
