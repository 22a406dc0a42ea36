import Glibc

/// The system's own words for an error number.
enum SystemError {
    static func reason(_ number: Int32 = errno) -> String {
        var text = [CChar](repeating: 0, count: 128)
        _ = strerror_r(number, &text, text.count)
        let words = String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        return words.isEmpty ? "error \(number)" : words
    }
}
