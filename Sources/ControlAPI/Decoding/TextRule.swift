/// What a string may be. Lengths are counted in Unicode code points, as JSON
/// Schema counts them, so that `openapi.yaml` says exactly what is refused.
struct TextRule: TextChecking {
    /// Code points.
    var length: ClosedRange<Int>
    /// Bytes of UTF-8.
    var maxBytes = Int.max
    var characters = Characters.line

    enum Characters: Sendable {
        /// Anything but U+0000.
        case any
        /// No control characters.
        case line
        /// U+0021…U+007E.
        case visibleASCII
        /// Letters, digits and these others.
        case word(also: String)
    }

    /// What is wrong with `text`, or nil.
    func problem(with text: String) -> String? {
        let count = text.unicodeScalars.count
        if count < length.lowerBound { return length.lowerBound == 1 ? "must not be empty" : "is too short" }
        if count > length.upperBound { return "must be at most \(length.upperBound) characters, is \(count)" }
        if text.utf8.count > maxBytes { return "must be at most \(maxBytes) bytes of UTF-8, is \(text.utf8.count)" }
        return text.unicodeScalars.allSatisfy(allows) ? nil : refusal
    }

    private func allows(_ scalar: Unicode.Scalar) -> Bool {
        switch characters {
        case .any: return scalar.value != 0
        case .line: return scalar.value >= 0x20 && !(0x7F...0x9F).contains(scalar.value)
        case .visibleASCII: return (0x21...0x7E).contains(scalar.value)
        case .word(let also):
            let isWord = scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
            return isWord || also.unicodeScalars.contains(scalar)
        }
    }

    private var refusal: String {
        switch characters {
        case .any: "must not hold U+0000"
        case .line: "must not hold control characters"
        case .visibleASCII: "must hold visible ASCII characters only"
        case .word(let also): "must hold only A-Z, a-z, 0-9 and \(also)"
        }
    }
}
