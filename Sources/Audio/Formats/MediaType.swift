/// A media type with its parameters (RFC 9110, section 8.3.1); names are lower case.
struct MediaType {
    /// Longer values are nobody's, and are not read.
    private static let limitInBytes = 256

    let name: String
    private var parameters = [String: String]()

    /// nil where there is nothing to read.
    init?(_ text: String) throws(AudioTypeError) {
        guard text.utf8.count <= Self.limitInBytes else { throw .malformed }
        var parts = try Self.split(text)[...]
        name = (parts.popFirst() ?? "").lowercased()
        guard !name.isEmpty else {
            if parts.isEmpty { return nil }
            throw .malformed
        }
        let halves = name.split(separator: "/", omittingEmptySubsequences: false)
        guard halves.count == 2, halves.allSatisfy(Self.isToken) else { throw .malformed }
        // An empty part is a stray semicolon, which RFC 9110 lets pass.
        for part in parts where !part.isEmpty { try add(part) }
    }

    /// The whole number that a parameter holds; nil without the parameter.
    func number(_ parameter: String) throws(AudioTypeError) -> Int? {
        guard let value = parameters[parameter] else { return nil }
        guard (1...9).contains(value.utf8.count), value.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let number = Int(value)
        else { throw .notANumber(parameter) }
        return number
    }

    private mutating func add(_ part: String) throws(AudioTypeError) {
        let halves = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard halves.count == 2, Self.isToken(halves[0]) else { throw .malformed }
        let name = halves[0].lowercased()
        guard let value = Self.unquoted(halves[1]) else { throw .malformed }
        guard parameters.updateValue(value, forKey: name) == nil else { throw .repeated(name) }
    }

    /// The parts between semicolons, without the blanks around them; a semicolon in
    /// quotes does not part.
    private static func split(_ text: String) throws(AudioTypeError) -> [String] {
        var parts = [""]
        var isQuoted = false
        var isEscaped = false
        for character in text.unicodeScalars {
            if character == ";", !isQuoted {
                parts.append("")
                continue
            }
            parts[parts.count - 1].unicodeScalars.append(character)
            if character == "\"", !isEscaped { isQuoted.toggle() }
            isEscaped = isQuoted && character == "\\" && !isEscaped
        }
        guard !isQuoted else { throw .malformed }
        return parts.map(trimmed)
    }

    private static func trimmed(_ text: String) -> String {
        let isBlank = { (character: Character) in character == " " || character == "\t" }
        let head = text.drop(while: isBlank)
        guard let last = head.lastIndex(where: { !isBlank($0) }) else { return "" }
        return String(head[...last])
    }

    /// A value without its quotes and backslashes, or nil where it is neither a
    /// token nor quoted.
    private static func unquoted(_ value: Substring) -> String? {
        guard value.first == "\"" else { return isToken(value) ? String(value) : nil }
        guard value.count >= 2, value.last == "\"" else { return nil }
        var plain = ""
        var isEscaped = false
        for character in value.dropFirst().dropLast() {
            if character == "\\", !isEscaped {
                isEscaped = true
                continue
            }
            if character == "\"", !isEscaped { return nil }
            isEscaped = false
            plain.append(character)
        }
        return isEscaped ? nil : plain
    }

    private static func isToken(_ text: Substring) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
                }
            }
    }
}
