/// A `timestamptz` (or a `timestamp` or `date`, taken as UTC).
public struct PostgresTimestamp: PostgresDecodable, Hashable, Comparable {
    /// Microseconds since 1970-01-01T00:00:00Z.
    public let microseconds: Int64

    /// The moment so many microseconds after 1970.
    public init(microseconds: Int64) {
        self.microseconds = microseconds
    }

    /// The ISO format; `infinity` and years BC are not values of this type.
    public init?(postgresText text: UnsafeRawBufferPointer) {
        guard let microseconds = TimestampText.parse(text) else { return nil }
        self.microseconds = microseconds
    }

    /// Whether `left` is earlier than `right`.
    public static func < (left: PostgresTimestamp, right: PostgresTimestamp) -> Bool {
        left.microseconds < right.microseconds
    }
}
