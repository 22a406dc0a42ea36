/// Splits Swift source into tokens, just well enough to count braces and find
/// words: it knows nested comments, escaped, raw and multi-line strings, and
/// code inside interpolations. It does not know bare regex literals.
struct SwiftLexer {
    private enum Mode {
        /// Code; `parentheses` counts those open inside an interpolation.
        case code(parentheses: Int)
        case string(hashes: Int, multiline: Bool)
        case blockComment(depth: Int)
    }

    private let bytes: [UInt8]
    private var index = 0
    private var line = 1
    private var spaceBefore = true
    private var modes = [Mode.code(parentheses: 0)]

    private(set) var tokens = [SwiftToken]()
    /// Lines that hold a comment or a part of one.
    private(set) var commentLines = Set<Int>()
    /// Lines that hold a documentation comment (`///`, `/** */`).
    private(set) var documentationLines = Set<Int>()
    private var blockIsDocumentation = false

    init(_ text: String) {
        bytes = Array(text.utf8)
        while index < bytes.count { step() }
    }

    static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), 0x80...: true
        default: false
        }
    }

    private mutating func step() {
        switch modes[modes.count - 1] {
        case .code(let parentheses): stepInCode(parentheses)
        case .string(let hashes, let multiline): stepInString(hashes, multiline)
        case .blockComment(let depth): stepInComment(depth)
        }
    }

    private func starts(_ text: StaticString, at offset: Int = 0) -> Bool {
        let begin = index + offset
        guard begin + text.utf8CodeUnitCount <= bytes.count else { return false }
        return text.withUTF8Buffer { bytes[begin..<(begin + $0.count)].elementsEqual($0) }
    }

    private mutating func skip(_ count: Int) {
        for _ in 0..<count where index < bytes.count {
            if bytes[index] == UInt8(ascii: "\n") { line += 1 }
            index += 1
        }
    }

    private mutating func emit(_ text: String) {
        tokens.append(SwiftToken(text: text, line: line, spaceBefore: spaceBefore))
        spaceBefore = false
    }

    private mutating func stepInCode(_ parentheses: Int) {
        let byte = bytes[index]
        if byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\t") || byte == 13 {
            spaceBefore = true
            skip(1)
        } else if starts("//") {
            skipLineComment()
        } else if starts("/*") {
            blockIsDocumentation = starts("/**")
            noteComment(isDocumentation: blockIsDocumentation)
            modes.append(.blockComment(depth: 1))
            skip(2)
        } else if let hashes = stringOpening() {
            openString(hashes)
        } else if Self.isWordByte(byte) {
            takeWord()
        } else {
            takeSign(byte, parentheses)
        }
    }

    private mutating func takeWord() {
        let begin = index
        while index < bytes.count, Self.isWordByte(bytes[index]) { index += 1 }
        emit(String(decoding: bytes[begin..<index], as: UTF8.self))
    }

    private mutating func takeSign(_ byte: UInt8, _ parentheses: Int) {
        if modes.count > 1 {
            if byte == UInt8(ascii: "(") { modes[modes.count - 1] = .code(parentheses: parentheses + 1) }
            if byte == UInt8(ascii: ")") {
                guard parentheses > 0 else {
                    // The interpolation's end; the string goes on.
                    modes.removeLast()
                    return skip(1)
                }
                modes[modes.count - 1] = .code(parentheses: parentheses - 1)
            }
        }
        emit(String(UnicodeScalar(byte)))
        skip(1)
    }

    private mutating func noteComment(isDocumentation: Bool) {
        commentLines.insert(line)
        if isDocumentation { documentationLines.insert(line) }
        spaceBefore = true
    }

    private mutating func skipLineComment() {
        noteComment(isDocumentation: starts("///"))
        while index < bytes.count, bytes[index] != UInt8(ascii: "\n") { index += 1 }
    }

    private mutating func stepInComment(_ depth: Int) {
        noteComment(isDocumentation: blockIsDocumentation)
        if starts("/*") {
            modes[modes.count - 1] = .blockComment(depth: depth + 1)
            skip(2)
        } else if starts("*/") {
            if depth == 1 { modes.removeLast() } else { modes[modes.count - 1] = .blockComment(depth: depth - 1) }
            skip(2)
        } else {
            skip(1)
        }
    }

    /// The number of `#` before the quote, if a string begins here.
    private func stringOpening() -> Int? {
        var hashes = 0
        while index + hashes < bytes.count, bytes[index + hashes] == UInt8(ascii: "#") { hashes += 1 }
        return starts("\"", at: hashes) ? hashes : nil
    }

    private mutating func openString(_ hashes: Int) {
        // `"""` opens a multi-line string; `""` alone is an empty one.
        let multiline = starts("\"\"\"", at: hashes)
        emit("\"")
        skip(hashes + (multiline ? 3 : 1))
        modes.append(.string(hashes: hashes, multiline: multiline))
    }

    private func hasHashes(_ count: Int, at offset: Int) -> Bool {
        (0..<count).allSatisfy { starts("#", at: offset + $0) }
    }

    private mutating func stepInString(_ hashes: Int, _ multiline: Bool) {
        if starts("\\"), hasHashes(hashes, at: 1) {
            if starts("(", at: 1 + hashes) {
                modes.append(.code(parentheses: 0))
                spaceBefore = true
            }
            return skip(2 + hashes)
        }
        let closes = multiline ? starts("\"\"\"") : starts("\"")
        if closes, hasHashes(hashes, at: multiline ? 3 : 1) {
            modes.removeLast()
            return skip((multiline ? 3 : 1) + hashes)
        }
        // A one-line string that is not closed ends with its line, so that one
        // mistake does not swallow the file.
        if !multiline, bytes[index] == UInt8(ascii: "\n") { modes.removeLast() }
        skip(1)
    }
}
