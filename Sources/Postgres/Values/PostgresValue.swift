import Foundation

/// A value for one `$n` placeholder.
///
/// All but `bytes` are sent as text, so that the server gives them the type
/// that the statement asks for: an `int64` fits `int2`, `int4`, `int8` and
/// `numeric`. Arrays want a cast in the statement when nothing else tells
/// their type: `unnest($1::uuid[], $2::int8[])`.
public enum PostgresValue: Sendable, Equatable {
    /// SQL NULL.
    case null
    /// UTF-8 text; a NUL character is refused with an error of kind `encoding`.
    case text(String)
    /// Any integer type that the value fits.
    case int64(Int64)
    /// `float8`, `float4` or `numeric`.
    case double(Double)
    /// `bool`.
    case bool(Bool)
    /// `uuid`.
    case uuid(UUID)
    /// Microseconds since 1970-01-01T00:00:00Z.
    case timestamp(microseconds: Int64)
    /// A JSON document as UTF-8, for `json` and `jsonb`; not checked here.
    case json([UInt8])
    /// Raw bytes, for `bytea`.
    case bytes([UInt8])
    /// `text[]`; nil is a NULL element, here and below.
    case textArray([String?])
    /// `uuid[]`.
    case uuidArray([UUID?])
    /// `int8[]` or smaller.
    case int64Array([Int64?])
    /// `float8[]`, `float4[]` or `numeric[]`.
    case doubleArray([Double?])
    /// `bool[]`.
    case boolArray([Bool?])
    /// `timestamptz[]` in microseconds since 1970-01-01T00:00:00Z.
    case timestampArray(microseconds: [Int64?])
    /// JSON documents as UTF-8, for `json[]` and `jsonb[]`.
    case jsonArray([[UInt8]?])
    /// Raw byte strings, for `bytea[]`.
    case bytesArray([[UInt8]?])

    /// `value` as text, or `null`.
    public static func text(_ value: String?) -> PostgresValue { value.map { .text($0) } ?? .null }

    /// `value` as a number, or `null`.
    public static func int64(_ value: Int64?) -> PostgresValue { value.map { .int64($0) } ?? .null }

    /// `value` as a number.
    public static func int(_ value: Int) -> PostgresValue { .int64(Int64(value)) }

    /// `value` as a UUID, or `null`.
    public static func uuid(_ value: UUID?) -> PostgresValue { value.map { .uuid($0) } ?? .null }

    /// `microseconds` since 1970 as a timestamp, or `null`.
    public static func timestamp(microseconds: Int64?) -> PostgresValue {
        microseconds.map { .timestamp(microseconds: $0) } ?? .null
    }

    /// A JSON document, or `null`.
    public static func json(_ value: [UInt8]?) -> PostgresValue { value.map { .json($0) } ?? .null }
}
