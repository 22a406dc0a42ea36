/// A JSON document as it came: numbers keep their text, members their order.
enum JSONValue: Sendable, Equatable {
    case null
    case bool(Bool)
    /// The number's own text, for instance `1e3`; finite as a `Double`.
    case number(String)
    case string(String)
    case array([JSONValue])
    case object([Member])

    /// A name and its value; names are unique within their object.
    struct Member: Sendable, Equatable {
        var name: String
        var value: JSONValue
    }

    /// What the value is, in an error's words.
    var kindName: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }

    /// Compact JSON text of the value; the inverse of parsing it.
    var compactText: String {
        var writer = JSONWriter()
        write(to: &writer)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    private func write(to writer: inout JSONWriter) {
        switch self {
        case .null: writer.value(raw: "null")
        case .bool(let value): writer.value(value)
        case .number(let text): writer.value(raw: text)
        case .string(let text): writer.value(text)
        case .array(let items): writer.array { writer in for item in items { item.write(to: &writer) } }
        case .object(let members):
            writer.object { writer in
                for member in members {
                    writer.key(member.name)
                    member.value.write(to: &writer)
                }
            }
        }
    }

    /// Whether a string or a name somewhere inside holds U+0000, which
    /// PostgreSQL cannot keep in text.
    var holdsNUL: Bool {
        switch self {
        case .null, .bool, .number: false
        case .string(let text): text.utf8.contains(0)
        case .array(let items): items.contains(where: \.holdsNUL)
        case .object(let members): members.contains { $0.name.utf8.contains(0) || $0.value.holdsNUL }
        }
    }
}
