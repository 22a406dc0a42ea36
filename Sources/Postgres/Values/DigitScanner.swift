/// Reads fixed-width numbers from left to right, for `TimestampText`.
struct DigitScanner {
    private let text: UnsafeRawBufferPointer
    private var index = 0

    init(_ text: UnsafeRawBufferPointer) {
        self.text = text
    }

    var isAtEnd: Bool { index == text.count }

    /// Moves past `character` if it is next.
    mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard index < text.count, text[index] == UInt8(truncatingIfNeeded: character.value) else { return false }
        index += 1
        return true
    }

    /// A number of exactly `width` digits.
    mutating func number(_ width: Int) -> Int64? { number(minimum: width, maximum: width) }

    /// A number of `minimum` to `maximum` digits (at most 18).
    mutating func number(minimum: Int, maximum: Int) -> Int64? {
        var value: Int64 = 0
        var count = 0
        while count < maximum, index < text.count, let digit = digit(text[index]) {
            value = value * 10 + digit
            index += 1
            count += 1
        }
        return count >= minimum ? value : nil
    }

    /// Up to six decimals as microseconds.
    mutating func fraction() -> Int64? {
        let start = index
        guard var value = number(minimum: 1, maximum: 6) else { return nil }
        for _ in (index - start)..<6 { value *= 10 }
        return value
    }

    /// `±HH[:MM[:SS]]` in seconds east of Greenwich; 0 when there is none.
    mutating func offsetSeconds() -> Int64? {
        if skip("Z") || isAtEnd { return 0 }
        let sign: Int64
        if skip("+") { sign = 1 } else if skip("-") { sign = -1 } else { return nil }
        guard var seconds = number(2).map({ $0 * 3600 }) else { return nil }
        for unit in [Int64(60), 1] where skip(":") {
            guard let part = number(2) else { return nil }
            seconds += part * unit
        }
        return sign * seconds
    }

    private func digit(_ byte: UInt8) -> Int64? {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) ? Int64(byte - UInt8(ascii: "0")) : nil
    }
}
