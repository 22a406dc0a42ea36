/// libpq's connection strings: `host=… password='it\'s'`, spaces allowed around
/// the equals sign, backslash escapes in and out of quotes.
enum KeyValueMask {
    static func mask(_ text: String) -> String {
        var masked = ""
        var rest = text[...]
        while let equals = rest.firstIndex(of: "=") {
            let before = rest[..<equals]
            let start = rest[equals...].dropFirst().firstIndex { !$0.isWhitespace } ?? rest.endIndex
            let end = endOfValue(in: rest[start...])
            let name = before.split(whereSeparator: \.isWhitespace).last.map(String.init) ?? ""
            masked += rest[..<start]
            masked += SecretMask.isSecret(parameter: name) ? SecretMask.placeholder : String(rest[start..<end])
            rest = rest[end...]
        }
        return masked + rest
    }

    /// A quoted value that never closes reaches to the end: better too much hidden.
    private static func endOfValue(in text: Substring) -> Substring.Index {
        let quoted = text.first == "'"
        var index = quoted ? text.index(after: text.startIndex) : text.startIndex
        while index < text.endIndex {
            let letter = text[index]
            if letter == "\\" {
                index = text.index(after: index)
                if index == text.endIndex { break }
            } else if quoted, letter == "'" {
                return text.index(after: index)
            } else if !quoted, letter.isWhitespace {
                return index
            }
            index = text.index(after: index)
        }
        return text.endIndex
    }
}
