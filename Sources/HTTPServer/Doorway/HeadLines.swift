/// The complete lines of a head, ended by CRLF or, as libmicrohttpd takes it, LF alone.
struct HeadLines {
    private let bytes: UnsafeRawBufferPointer
    private(set) var offset = 0

    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    /// What follows the last complete line.
    var rest: UnsafeRawBufferPointer { .init(rebasing: bytes[offset...]) }

    /// The next complete line without its end.
    mutating func next() -> UnsafeRawBufferPointer? {
        guard let end = bytes[offset...].firstIndex(of: 0x0A) else { return nil }
        let line = bytes[offset..<end]
        offset = end + 1
        return .init(rebasing: line.last == 0x0D ? line.dropLast() : line)
    }

    /// Empty lines before a request are allowed (RFC 9112 §2.2).
    mutating func nextNotEmpty() -> UnsafeRawBufferPointer? {
        while let line = next() {
            if !line.isEmpty { return line }
        }
        return nil
    }
}
