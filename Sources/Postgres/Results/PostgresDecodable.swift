import Foundation

/// A type that can be read from PostgreSQL's text format.
public protocol PostgresDecodable: Sendable {
    /// The value that `text` spells, or nil when it spells none. The buffer is
    /// valid only during the call.
    init?(postgresText text: UnsafeRawBufferPointer)
}

extension String: PostgresDecodable {
    /// Any type's text, as UTF-8.
    public init?(postgresText text: UnsafeRawBufferPointer) { self.init(validating: text, as: UTF8.self) }
}

extension Int64: PostgresDecodable {
    /// `int2`, `int4`, `int8`, and `numeric` without decimals.
    public init?(postgresText text: UnsafeRawBufferPointer) { self.init(String(decoding: text, as: UTF8.self)) }
}

extension Int: PostgresDecodable {
    /// `int2`, `int4`, `int8`, and `numeric` without decimals.
    public init?(postgresText text: UnsafeRawBufferPointer) { self.init(String(decoding: text, as: UTF8.self)) }
}

extension Int32: PostgresDecodable {
    /// `int2`, `int4`, and larger types where the value fits.
    public init?(postgresText text: UnsafeRawBufferPointer) { self.init(String(decoding: text, as: UTF8.self)) }
}

extension Double: PostgresDecodable {
    /// `float4`, `float8`, `numeric` and integers.
    public init?(postgresText text: UnsafeRawBufferPointer) { self.init(String(decoding: text, as: UTF8.self)) }
}

extension Bool: PostgresDecodable {
    /// `bool`.
    public init?(postgresText text: UnsafeRawBufferPointer) {
        guard text.count == 1 else { return nil }
        switch text[0] {
        case UInt8(ascii: "t"): self = true
        case UInt8(ascii: "f"): self = false
        default: return nil
        }
    }
}

extension UUID: PostgresDecodable {
    /// `uuid`, or a text that spells one.
    public init?(postgresText text: UnsafeRawBufferPointer) {
        self.init(uuidString: String(decoding: text, as: UTF8.self))
    }
}
