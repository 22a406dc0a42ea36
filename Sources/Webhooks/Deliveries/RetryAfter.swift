import Domain

/// `Retry-After` (RFC 9110, section 10.2.3): seconds, or a moment.
enum RetryAfter {
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// How long the value says to wait from `now` on, never negative; nil for
    /// anything malformed. Of the three forms of a date only the one that is to be
    /// written today is read.
    static func pause(_ value: String, now: Timestamp) -> Duration? {
        if !value.isEmpty, value.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
            return .seconds(Int64(value.prefix(9)) ?? 0)
        }
        return moment(value).map { max($0 - now, .zero) }
    }

    /// `Sun, 06 Nov 1994 08:49:37 GMT`
    private static func moment(_ value: String) -> Timestamp? {
        let parts = value.split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0].count == 4, parts[0].hasSuffix(","), parts[5] == "GMT",
            let month = months.firstIndex(of: String(parts[2]))
        else { return nil }
        let digits = month < 9 ? "0\(month + 1)" : "\(month + 1)"
        return Timestamp(rfc3339: "\(parts[3])-\(digits)-\(parts[1])T\(parts[4])Z")
    }
}
