/// RFC 3339, as the API writes it (`2026-11-22T10:31:07.123456Z`) and reads it
/// (any offset, up to nine digits of a second, of which six are kept).
extension Timestamp: CustomStringConvertible {
    public var description: String {
        let (days, dayMicroseconds) = microseconds.flooredQuotientAndRemainder(by: 86_400_000_000)
        let (year, month, day) = CivilDate.date(ofDay: days)
        let seconds = dayMicroseconds / 1_000_000
        // Times are written on every hot path: digit by digit, into the text itself.
        return String(unsafeUninitializedCapacity: 40) { text in
            var count = 0
            func put(_ value: Int64, _ width: Int, then end: Unicode.Scalar) {
                count += text.write(value, width, at: count)
                text[count] = UInt8(ascii: end)
                count += 1
            }
            put(year, 4, then: "-")
            put(Int64(month), 2, then: "-")
            put(Int64(day), 2, then: "T")
            put(seconds / 3600, 2, then: ":")
            put(seconds / 60 % 60, 2, then: ":")
            put(seconds % 60, 2, then: ".")
            put(dayMicroseconds % 1_000_000, 6, then: "Z")
            return count
        }
    }

    /// Reads RFC 3339; nil for anything else, and for dates that do not exist.
    public init?(rfc3339 text: some StringProtocol) {
        var reader = DigitReader(text)
        guard let year = reader.number(4), reader.take("-"), let month = reader.number(2), reader.take("-"),
            let day = reader.number(2), reader.take("T") || reader.take("t") || reader.take(" "),
            let hour = reader.number(2), reader.take(":"), let minute = reader.number(2), reader.take(":"),
            let second = reader.number(2), let fraction = reader.fraction(), let offset = reader.offset(),
            reader.isAtEnd,
            (1...12).contains(month), day >= 1, day <= CivilDate.days(inMonth: month, of: year),
            hour < 24, minute < 60, second < 60
        else { return nil }
        let days = CivilDate.day(year: year, month: month, day: day)
        let seconds = days * 86_400 + hour * 3600 + minute * 60 + second - offset
        self.init(microseconds: seconds * 1_000_000 + fraction)
    }
}

extension UnsafeMutableBufferPointer<UInt8> {
    /// Writes at least `width` digits of a number that is not negative (0 in the
    /// place of one that is); says how many.
    fileprivate func write(_ value: Int64, _ width: Int, at start: Int) -> Int {
        let value = Swift.max(0, value)
        var (count, power) = (1, Int64(1))
        while count < width || value / power >= 10 { (count, power) = (count + 1, power * 10) }
        for place in 0..<count {
            self[start + place] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value / power % 10)
            power /= 10
        }
        return count
    }
}

private struct DigitReader {
    private var rest: ArraySlice<UInt8>

    init(_ text: some StringProtocol) { rest = ArraySlice(text.utf8) }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func take(_ character: Character) -> Bool {
        guard let first = rest.first, first == character.asciiValue else { return false }
        rest.removeFirst()
        return true
    }

    mutating func number(_ width: Int) -> Int64? {
        let digits = rest.prefix(width)
        guard digits.count == width, digits.allSatisfy({ (48...57).contains($0) }) else { return nil }
        rest.removeFirst(width)
        return digits.reduce(0) { $0 * 10 + Int64($1 - 48) }
    }

    /// Microseconds; 0 where there is no fraction, nil where it is malformed.
    mutating func fraction() -> Int64? {
        guard take(".") else { return 0 }
        let digits = rest.prefix { (48...57).contains($0) }
        guard (1...9).contains(digits.count) else { return nil }
        rest.removeFirst(digits.count)
        return (0..<6).reduce(0) { value, index in
            value * 10 + (index < digits.count ? Int64(digits[digits.startIndex + index] - 48) : 0)
        }
    }

    /// Seconds east of UTC.
    mutating func offset() -> Int64? {
        if take("Z") || take("z") { return 0 }
        let sign: Int64 = take("+") ? 1 : -1
        if sign == -1, !take("-") { return nil }
        guard let hours = number(2), take(":"), let minutes = number(2), hours < 24, minutes < 60 else { return nil }
        return sign * (hours * 3600 + minutes * 60)
    }
}
