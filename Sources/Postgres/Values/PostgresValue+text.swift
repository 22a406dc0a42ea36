import Foundation

extension PostgresValue {
    /// Appends the text format of the value (for `bytes`, the raw bytes).
    func appendText(to buffer: inout [UInt8]) {
        switch self {
        case .null: break
        case .text(let value): buffer.append(contentsOf: value.utf8)
        case .int64(let value): buffer.append(contentsOf: String(value).utf8)
        case .double(let value): buffer.append(contentsOf: TextFormat.double(value).utf8)
        case .bool(let value): buffer.append(contentsOf: TextFormat.bool(value).utf8)
        case .uuid(let value): buffer.append(contentsOf: value.uuidString.utf8)
        case .timestamp(let value): buffer.append(contentsOf: TimestampText.format(microseconds: value).utf8)
        case .json(let value), .bytes(let value): buffer.append(contentsOf: value)
        case .textArray(let items): ArrayText.append(items, quoted: true, to: &buffer) { Array($0.utf8) }
        case .jsonArray(let items): ArrayText.append(items, quoted: true, to: &buffer) { $0 }
        case .bytesArray(let items): ArrayText.append(items, quoted: true, to: &buffer, TextFormat.hex)
        case .uuidArray(let items): ArrayText.append(items, quoted: false, to: &buffer) { Array($0.uuidString.utf8) }
        case .int64Array(let items): ArrayText.append(items, quoted: false, to: &buffer) { Array(String($0).utf8) }
        case .doubleArray(let items):
            ArrayText.append(items, quoted: false, to: &buffer) { Array(TextFormat.double($0).utf8) }
        case .boolArray(let items):
            ArrayText.append(items, quoted: false, to: &buffer) { Array(TextFormat.bool($0).utf8) }
        case .timestampArray(let items):
            ArrayText.append(items, quoted: true, to: &buffer) { Array(TimestampText.format(microseconds: $0).utf8) }
        }
    }
}
