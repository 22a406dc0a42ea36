import Domain
import Foundation
import Postgres

extension PostgresRow {
    func timestamp(_ column: String) throws(PostgresError) -> Timestamp {
        Timestamp(microseconds: try get(column, as: PostgresTimestamp.self).microseconds)
    }

    func optionalTimestamp(_ column: String) throws(PostgresError) -> Timestamp? {
        try optional(column, as: PostgresTimestamp.self).map { Timestamp(microseconds: $0.microseconds) }
    }

    func id<Kind>(_ column: String, of kind: Kind.Type = Kind.self) throws(PostgresError) -> EntityID<Kind> {
        EntityID(uuid: try get(column, as: UUID.self))
    }

    /// A column that holds one of an enumeration's words.
    func word<Word: RawRepresentable & Sendable>(
        _ column: String, as type: Word.Type = Word.self
    ) throws(PostgresError) -> Word where Word.RawValue == String {
        try get(column, as: StoredWord<Word>.self).word
    }

    /// A column that holds one of an enumeration's words or nothing.
    func optionalWord<Word: RawRepresentable & Sendable>(
        _ column: String, as type: Word.Type = Word.self
    ) throws(PostgresError) -> Word? where Word.RawValue == String {
        try optional(column, as: StoredWord<Word>.self)?.word
    }

    /// A column of JSON that spells a `type`.
    func json<Value: Decodable & Sendable>(
        _ column: String, as type: Value.Type = Value.self
    ) throws(PostgresError) -> Value {
        try get(column, as: StoredJSON<Value>.self).value
    }
}

/// A word of an enumeration as a column holds it.
private struct StoredWord<Word: RawRepresentable & Sendable>: PostgresDecodable where Word.RawValue == String {
    let word: Word

    init?(postgresText text: UnsafeRawBufferPointer) {
        guard let word = String(postgresText: text).flatMap(Word.init(rawValue:)) else { return nil }
        self.word = word
    }
}

/// A JSON document as a column holds it.
private struct StoredJSON<Value: Decodable & Sendable>: PostgresDecodable {
    let value: Value

    init?(postgresText text: UnsafeRawBufferPointer) {
        guard let value = try? JSONDecoder().decode(Value.self, from: Data(text)) else { return nil }
        self.value = value
    }
}
