import Foundation

/// IP addresses as bytes and as text.
enum IPText {
    /// The 4 or 16 bytes of an address in the plain notation, or nil. The system's
    /// strict reader: no octal, no hexadecimal, no short forms, no zone.
    static func bytes(of text: String) -> [UInt8]? {
        guard !text.utf8.contains(0) else { return nil }
        var four = [UInt8](repeating: 0, count: 4)
        if inet_pton(AF_INET, text, &four) == 1 { return four }
        var sixteen = [UInt8](repeating: 0, count: 16)
        return inet_pton(AF_INET6, text, &sixteen) == 1 ? sixteen : nil
    }

    /// `192.0.2.1` or `2001:db8::1`; `?` for what is neither 4 nor 16 bytes.
    static func text(of bytes: [UInt8]) -> String {
        guard bytes.count == 4 || bytes.count == 16 else { return "?" }
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let family = bytes.count == 4 ? AF_INET : AF_INET6
        guard inet_ntop(family, bytes, &text, socklen_t(text.count)) != nil else { return "?" }
        return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// Text from outside, short enough for an error.
    static func shown(_ text: String) -> String {
        text.count > 64 ? "\(text.prefix(64))…" : text
    }
}
