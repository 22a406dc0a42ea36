/// A word or a sign of Swift code; comments are none, a string literal is one
/// `"` followed by the tokens of its interpolations.
struct SwiftToken: Equatable {
    var text: String
    /// From 1.
    var line: Int
    /// Whether white space, a comment or the file's start stands before it.
    var spaceBefore: Bool

    var isWord: Bool { text.utf8.first.map(SwiftLexer.isWordByte) ?? false }
}
