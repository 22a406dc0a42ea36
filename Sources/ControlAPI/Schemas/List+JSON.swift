extension JSONWriter {
    /// A list's page: `{"data": [...], "next_cursor": ...}`.
    static func page<Item>(
        of items: [Item], next: String?, write: (Item, inout JSONWriter) -> Void
    ) -> [UInt8] {
        object(capacity: 256 + 512 * items.count) { writer in
            writer.key("data")
            writer.array { writer in for item in items { write(item, &writer) } }
            writer.member("next_cursor", next)
        }
    }

    /// The same where the items are a JSON array already.
    static func page(ofRaw items: [UInt8], next: String?) -> [UInt8] {
        object(capacity: items.count + 256) { writer in
            writer.key("data")
            writer.value(raw: items)
            writer.member("next_cursor", next)
        }
    }
}
