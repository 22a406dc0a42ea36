import Domain
import Foundation
import Postgres

extension PostgresValue {
    static func id<Kind>(_ id: EntityID<Kind>) -> PostgresValue { .uuid(id.uuid) }

    static func time(_ time: Timestamp?) -> PostgresValue { .timestamp(microseconds: time?.microseconds) }

    static func times(_ times: [Timestamp?]) -> PostgresValue {
        .timestampArray(microseconds: times.map { $0?.microseconds })
    }

    /// Whole milliseconds, or `null`.
    static func milliseconds(_ duration: Duration?) -> PostgresValue { .int64(duration.map { $0.microseconds / 1000 }) }

    /// The JSON form of `value`.
    static func encoded(_ value: some Encodable) throws(TurngateError) -> PostgresValue {
        do {
            return .json([UInt8](try JSONEncoder().encode(value)))
        } catch {
            throw .internalFailure("a value has no JSON form")
        }
    }
}

extension String {
    /// This text without U+0000, which PostgreSQL cannot keep, and at most
    /// `bytes` long in UTF-8: what participants and errors say is kept as far
    /// as it can be, and never a reason to lose the rest.
    func storable(bytes limit: Int) -> String {
        let text = utf8.contains(0) ? replacing("\u{0}", with: "\u{FFFD}") : self
        guard text.utf8.count > limit else { return text }
        var bytes = Array(text.utf8.prefix(limit + 1))
        // Back to where a character begins, so that none is cut in two.
        while let last = bytes.popLast(), last & 0b1100_0000 == 0b1000_0000 {}
        return String(decoding: bytes, as: UTF8.self)
    }
}
