/// A function, initialiser, deinitialiser or subscript that has a body.
struct SwiftFunction: Equatable {
    var name: String
    var firstLine: Int
    var lastLine: Int

    var lineCount: Int { lastLine - firstLine + 1 }
}

extension SwiftSource {
    private static let functionWords: Set<String> = ["func", "init", "deinit", "subscript"]
    /// What may follow a requirement without a body, on the same level.
    private static let declarationWords: Set<String> = [
        "func", "init", "deinit", "subscript", "var", "let", "struct", "class", "enum", "actor", "protocol",
        "extension",
        "typealias", "associatedtype", "case", "public", "package", "static", "mutating", "private",
    ]

    /// Every function with a body, nested ones too.
    var functions: [SwiftFunction] {
        tokens.indices.compactMap { index in
            guard Self.functionWords.contains(tokens[index].text), text(at: index - 1) != "." else { return nil }
            guard let body = bodyStart(after: index), let end = matchingBrace(of: body) else { return nil }
            let isNamed = tokens[index].text == "func"
            return SwiftFunction(
                name: isNamed ? text(at: index + 1) ?? "func" : tokens[index].text,
                firstLine: tokens[index].line, lastLine: tokens[end].line)
        }
    }

    /// The `{` of a function whose keyword is at `index`, nil for a requirement
    /// or where the word is not a declaration.
    func bodyStart(after index: Int) -> Int? {
        var depth = 0
        var position = index + 1
        while position < tokens.count {
            switch tokens[position].text {
            case "(", "[": depth += 1
            case ")", "]": depth -= 1
            case "{" where depth == 0: return position
            case "}" where depth == 0: return nil
            case let word where depth == 0 && position > index + 1 && Self.declarationWords.contains(word): return nil
            default: break
            }
            if depth < 0 { return nil }
            position += 1
        }
        return nil
    }

    func matchingBrace(of opening: Int) -> Int? {
        var depth = 0
        for position in opening..<tokens.count {
            if tokens[position].text == "{" { depth += 1 }
            if tokens[position].text == "}" { depth -= 1 }
            if depth == 0 { return position }
        }
        return nil
    }

    /// Opening minus closing braces; anything but 0 means that the scanner or
    /// the file is wrong, and that counted lengths mean nothing.
    var braceBalance: Int {
        tokens.reduce(0) { $0 + ($1.text == "{" ? 1 : $1.text == "}" ? -1 : 0) }
    }
}
