/// `GET /path HTTP/1.1`, taken apart. `nil` for everything that is not three
/// words with one space between.
struct RequestLine {
    let method: HTTPMethod
    let target: String
    let isVersion1: Bool
    let isVersion11: Bool

    init?(_ line: UnsafeRawBufferPointer) {
        let words = line.split(separator: 0x20, omittingEmptySubsequences: false)
        guard words.count == 3, !words[0].isEmpty, words[0].allSatisfy(HeadRules.isToken), !words[1].isEmpty else {
            return nil
        }
        let version = Array(words[2])
        let prefix = Array("HTTP/".utf8)
        let isDigit = { (byte: UInt8) in byte &- 0x30 < 10 }
        guard version.count == 8, version.starts(with: prefix), isDigit(version[5]), version[6] == 0x2E,
            isDigit(version[7])
        else { return nil }
        method = HTTPMethod(rawValue: String(decoding: words[0], as: UTF8.self))
        target = String(decoding: words[1], as: UTF8.self)
        isVersion1 = version[5] == 0x31
        isVersion11 = isVersion1 && version[7] != 0x30
    }
}
