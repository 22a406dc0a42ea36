import Domain
import Testing

struct TimestampTests {
    @Test(arguments: [
        ("2026-11-22T10:31:07.123456Z", 1_795_343_467_123_456), ("1970-01-01T00:00:00.000000Z", 0),
        ("1969-12-31T23:59:59.999999Z", -1), ("2000-02-29T12:00:00.000001Z", 951_825_600_000_001),
        ("2100-03-01T00:00:00.000000Z", 4_107_542_400_000_000),
        ("9999-12-31T23:59:59.999999Z", 253_402_300_799_999_999),
    ])
    func times_areWrittenAndReadToTheMicrosecond(text: String, microseconds: Int64) {
        #expect(Timestamp(microseconds: microseconds).description == text)
        #expect(Timestamp(rfc3339: text)?.microseconds == microseconds)
    }

    @Test(arguments: [
        ("2026-11-22T11:31:07+01:00", "2026-11-22T10:31:07.000000Z"),
        ("2026-11-22t10:31:07.5z", "2026-11-22T10:31:07.500000Z"),
        ("2026-11-22 03:01:07.123456789-07:30", "2026-11-22T10:31:07.123456Z"),
    ])
    func otherFormsOfRFC3339_areRead(text: String, canonical: String) {
        #expect(Timestamp(rfc3339: text)?.description == canonical)
    }

    @Test(arguments: [
        "", "now", "2026-11-22", "2026-11-22T10:31:07", "2026-02-29T00:00:00Z", "2100-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-01-00T00:00:00Z", "2026-01-01T24:00:00Z",
        "2026-01-01T00:60:00Z", "2026-01-01T00:00:60Z", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00.1234567890Z",
        "2026-01-01T00:00:00+24:00", "2026-01-01T00:00:00Zx", " 2026-01-01T00:00:00Z", "２026-01-01T00:00:00Z",
        "2026-01-01T00:00:00 01:00",
    ])
    func malformedTimes_areRefused(text: String) {
        #expect(Timestamp(rfc3339: text) == nil)
    }

    @Test func everyDayOfFourCenturies_readsBack() {
        for day in stride(from: Int64(-80_000), to: 80_000, by: 1) {
            let time = Timestamp(microseconds: day * 86_400_000_000)
            #expect(Timestamp(rfc3339: time.description) == time)
        }
    }
}
