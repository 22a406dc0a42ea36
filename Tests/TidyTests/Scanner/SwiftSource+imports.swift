/// An `import` of a module.
struct SwiftImport: Equatable {
    var module: String
    var line: Int
}

extension SwiftSource {
    private static let importKinds: Set<String> = [
        "struct", "class", "enum", "protocol", "func", "var", "let", "typealias", "actor",
    ]

    /// Every import, whatever attributes (`@testable`), access words or kinds
    /// (`import struct Foundation.Date`) it has.
    var imports: [SwiftImport] {
        tokens.indices.compactMap { index in
            guard tokens[index].text == "import", text(at: index - 1) != ".", text(at: index - 1) != "`" else {
                return nil
            }
            var next = index + 1
            if let kind = text(at: next), Self.importKinds.contains(kind) { next += 1 }
            guard next < tokens.count, tokens[next].isWord else { return nil }
            return SwiftImport(module: tokens[next].text, line: tokens[index].line)
        }
    }
}
