/// PostgreSQL's text format of one-dimensional arrays: `{a,"b c",NULL}`.
enum ArrayText {
    private static let quote = UInt8(ascii: "\"")
    private static let backslash = UInt8(ascii: "\\")
    private static let comma = UInt8(ascii: ",")

    /// Appends `items`, each as `append` writes it: what may hold any character,
    /// or the word NULL, through `quote`.
    static func append<Item>(
        _ items: [Item?], to buffer: inout [UInt8], _ append: (Item, inout [UInt8]) -> Void
    ) {
        buffer.append(UInt8(ascii: "{"))
        for (index, item) in items.enumerated() {
            if index > 0 { buffer.append(comma) }
            guard let item else {
                buffer.append(contentsOf: "NULL".utf8)
                continue
            }
            append(item, &buffer)
        }
        buffer.append(UInt8(ascii: "}"))
    }

    /// Appends an element in quotation marks and escaped.
    static func quote(_ text: some Collection<UInt8>, to buffer: inout [UInt8]) {
        buffer.append(quote)
        for byte in text {
            if byte == quote || byte == backslash { buffer.append(backslash) }
            buffer.append(byte)
        }
        buffer.append(quote)
    }

    /// The elements of a one-dimensional array, nil for NULL; nil when the
    /// text is not one (nested arrays are refused).
    static func parse(_ text: UnsafeRawBufferPointer) -> [[UInt8]?]? {
        guard text.count >= 2, text[0] == UInt8(ascii: "{"), text[text.count - 1] == UInt8(ascii: "}") else {
            return nil
        }
        var items: [[UInt8]?] = []
        var index = 1
        let end = text.count - 1
        if index == end { return items }
        while index <= end {
            guard let item = element(text, &index, end) else { return nil }
            items.append(item.isNull ? nil : item.bytes)
            if index == end { return items }
            guard text[index] == comma else { return nil }
            index += 1
        }
        return nil
    }

    private static func element(
        _ text: UnsafeRawBufferPointer, _ index: inout Int, _ end: Int
    ) -> (bytes: [UInt8], isNull: Bool)? {
        var bytes: [UInt8] = []
        guard index < end, text[index] == quote else {
            while index < end, text[index] != comma {
                if text[index] == UInt8(ascii: "{") || text[index] == quote { return nil }
                bytes.append(text[index])
                index += 1
            }
            return bytes.isEmpty ? nil : (bytes, bytes == Array("NULL".utf8))
        }
        index += 1
        while index < end, text[index] != quote {
            if text[index] == backslash { index += 1 }
            guard index < end else { return nil }
            bytes.append(text[index])
            index += 1
        }
        guard index < end else { return nil }
        index += 1
        return (bytes, false)
    }
}
