/// What a request asks for, as it stood in the request line.
public struct HTTPTarget: Sendable, Equatable {
    /// The target untouched: `/v1/things/a%2Fb?limit=3`.
    public let raw: String

    /// The path still percent-encoded, from its first `/`, without query and fragment.
    public let path: String

    /// What follows the `?`, still encoded; empty without a query.
    public let rawQuery: String

    /// Takes origin form (`/path?query`), absolute form (`http://host/path?query`)
    /// and `*`. `nil` for anything else and for bytes that a URI cannot have
    /// (white space, controls, anything beyond ASCII).
    public init?(_ raw: String) {
        guard let first = raw.utf8.first, raw.utf8.areAll({ $0 > 0x20 && $0 < 0x7F }) else { return nil }
        self.raw = raw
        var rest = raw[...]
        if first == 0x2F {
            // The usual form, and most often nothing but a path.
            if raw.utf8.areAll({ $0 != 0x3F && $0 != 0x23 }) {
                path = raw
                rawQuery = ""
                return
            }
        } else if let scheme = ["http://", "https://"].first(where: { raw.lowercased().hasPrefix($0) }) {
            rest = raw.dropFirst(scheme.utf8.count)
            guard let end = rest.firstIndex(where: { $0 == "/" || $0 == "?" }) else {
                guard !rest.isEmpty else { return nil }
                path = "/"
                rawQuery = ""
                return
            }
            guard end > rest.startIndex else { return nil }
            rest = rest[end...]
        } else if raw != "*" {
            return nil
        }
        if let fragment = rest.utf8.firstIndex(of: 0x23) { rest = rest[..<fragment] }
        let mark = rest.utf8.firstIndex(of: 0x3F) ?? rest.endIndex
        let path = rest[..<mark]
        self.path = path.isEmpty ? "/" : String(path)
        rawQuery = mark < rest.endIndex ? String(rest[rest.utf8.index(after: mark)...]) : ""
    }

    /// The path's segments, decoded one by one, so that an encoded slash stays
    /// inside its segment. `nil` when one of them cannot be decoded.
    /// `/` has one empty segment; `/a/` has `a` and an empty one; `*` has none.
    public var segments: [String]? {
        if path == "*" { return [] }
        if path.utf8.areAll({ $0 != 0x25 }) { return plainSegments }
        var decoded: [String] = []
        for segment in path.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
            guard let text = PercentCoding.decode(segment, plusIsSpace: false) else { return nil }
            decoded.append(text)
        }
        return decoded
    }

    /// The segments of a path in which nothing is encoded.
    private var plainSegments: [String] {
        var path = path
        return path.withUTF8 { bytes in
            var segments: [String] = []
            segments.reserveCapacity(8)
            var start = min(1, bytes.count)
            for end in start...bytes.count where end == bytes.count || bytes[end] == 0x2F {
                segments.append(String(decoding: UnsafeBufferPointer(rebasing: bytes[start..<end]), as: UTF8.self))
                start = end + 1
            }
            return segments
        }
    }
}
