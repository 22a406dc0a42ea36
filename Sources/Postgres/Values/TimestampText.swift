/// `timestamptz` in ISO text, to and from microseconds since 1970.
///
/// Civil dates are counted in days from 0000-03-01, so that the leap day is
/// the last of its year; the Gregorian calendar repeats every 400 years.
enum TimestampText {
    private static let microsecondsPerDay: Int64 = 86_400_000_000
    private static let daysPerEra: Int64 = 146_097
    /// Days from 0000-03-01 to 1970-01-01.
    private static let epochDays: Int64 = 719_468
    /// We write no BC years: anything before year 1 is clamped to it.
    private static let earliest: Int64 = -62_135_596_800_000_000
    /// The last whole year that microseconds since 1970 can express.
    private static let lastYear = 294_246

    /// Appends `2026-11-22 12:00:00.000001+00`; values before year 1 are clamped to it.
    static func append(microseconds: Int64, to buffer: inout [UInt8]) {
        let value = max(microseconds, earliest)
        let days = floorDivide(value, microsecondsPerDay)
        let rest = value - days * microsecondsPerDay
        let date = civil(days: days)
        let seconds = rest / 1_000_000
        append(date.year, 4, then: "-", to: &buffer)
        append(date.month, 2, then: "-", to: &buffer)
        append(date.day, 2, then: " ", to: &buffer)
        append(seconds / 3600, 2, then: ":", to: &buffer)
        append(seconds / 60 % 60, 2, then: ":", to: &buffer)
        append(seconds % 60, 2, then: ".", to: &buffer)
        append(rest % 1_000_000, 6, then: "+", to: &buffer)
        buffer.append(contentsOf: "00".utf8)
    }

    /// Microseconds since 1970 of `YYYY-MM-DD HH:MM:SS[.ffffff][±HH[:MM[:SS]]]`;
    /// nil for anything else, such as `infinity` or a year BC.
    static func parse(_ text: UnsafeRawBufferPointer) -> Int64? {
        var scanner = DigitScanner(text)
        guard let year = scanner.number(minimum: 4, maximum: 6), scanner.skip("-"),
            let month = scanner.number(2), scanner.skip("-"), let day = scanner.number(2),
            year <= lastYear, (1...12).contains(month), (1...31).contains(day)
        else { return nil }
        var total = days(year: year, month: month, day: day) * microsecondsPerDay
        if scanner.isAtEnd { return total }
        guard scanner.skip(" ") || scanner.skip("T"), let hour = scanner.number(2), scanner.skip(":"),
            let minute = scanner.number(2), scanner.skip(":"), let second = scanner.number(2)
        else { return nil }
        total += ((hour * 60 + minute) * 60 + second) * 1_000_000
        if scanner.skip(".") {
            guard let fraction = scanner.fraction() else { return nil }
            total += fraction
        }
        guard let offset = scanner.offsetSeconds() else { return nil }
        return scanner.isAtEnd ? total - offset * 1_000_000 : nil
    }

    private static func civil(days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + epochDays
        let era = floorDivide(shifted, daysPerEra)
        let dayOfEra = shifted - era * daysPerEra
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    }

    private static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = floorDivide(shiftedYear, 400)
        let yearOfEra = shiftedYear - era * 400
        let shiftedMonth = month > 2 ? month - 3 : month + 9
        let dayOfYear = (153 * shiftedMonth + 2) / 5 + day - 1
        return era * daysPerEra + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - epochDays
    }

    private static func floorDivide(_ value: Int64, _ divisor: Int64) -> Int64 {
        let quotient = value / divisor
        return value % divisor < 0 ? quotient - 1 : quotient
    }

    /// At least `width` digits, and `end`.
    private static func append(
        _ value: Int64, _ width: Int, then end: Unicode.Scalar, to buffer: inout [UInt8]
    ) {
        var power: Int64 = 1
        for _ in 1..<width { power *= 10 }
        while value / power >= 10 { power *= 10 }
        while power > 0 {
            buffer.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value / power % 10))
            power /= 10
        }
        buffer.append(UInt8(ascii: end))
    }
}
