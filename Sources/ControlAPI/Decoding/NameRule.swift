/// A name that fits LiveKit's 256 bytes in whatever script it is written:
/// more characters in ASCII than elsewhere.
struct NameRule: TextChecking {
    var asciiCharacters: Int
    var characters: Int
    var mayBeEmpty = false

    /// What is wrong with `text`, or nil.
    func problem(with text: String) -> String? {
        let isASCII = text.utf8.allSatisfy { $0 < 0x80 }
        let rule = TextRule(length: (mayBeEmpty ? 0 : 1)...(isASCII ? asciiCharacters : characters))
        return rule.problem(with: text)
    }
}
