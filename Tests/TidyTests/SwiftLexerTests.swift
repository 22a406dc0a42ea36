import Testing

@Suite struct SwiftLexerTests {
    private func words(_ text: String) -> [String] { SwiftLexer(text).tokens.map(\.text) }

    @Test func comments_areNoCode() {
        #expect(words("a // { b\nc /* { /* d { */ e */ f") == ["a", "c", "f"])
    }

    @Test func strings_hideTheirBraces() {
        #expect(words(#"let a = "{ \" }" + b"#) == ["let", "a", "=", "\"", "+", "b"])
        #expect(words(##"x = #"{ " \( }"# y"##) == ["x", "=", "\"", "y"])
        #expect(words("x = \"\"\"\n { \" {\n \"\"\" y") == ["x", "=", "\"", "y"])
        #expect(words("x = \"\" y") == ["x", "=", "\"", "y"])
    }

    @Test func interpolations_areCode() {
        #expect(
            words(#"a("x\(f(b!, "}\(c)"))y") d"#) == [
                "a", "(", "\"", "f", "(", "b", "!", ",", "\"", "c", ")", ")", "d",
            ])
        #expect(words(##"#"\(no) \#(yes)"# d"##) == ["\"", "yes", "d"])
    }

    @Test func linesOfTokensAndComments_areCounted() {
        let lexer = SwiftLexer("/// says\n/* a\n b */\nlet x = \"\"\"\n  {\n  \"\"\"\nlast // c")
        #expect(lexer.documentationLines == [1])
        #expect(lexer.commentLines == [1, 2, 3, 7])
        #expect(lexer.tokens.last == SwiftToken(text: "last", line: 7, spaceBefore: true))
    }

    @Test func unclosedString_endsWithItsLine() {
        #expect(words("a = \"open {\nb") == ["a", "=", "\"", "b"])
    }
}
