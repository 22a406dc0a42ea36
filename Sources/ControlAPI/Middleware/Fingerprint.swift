import HTTPServer

/// What tells two calls apart, made piece by piece with bounded memory: blocks
/// of a fixed size, each hashed together with the digest of those before it. How
/// the network cut the body makes no difference.
struct Fingerprint: Sendable {
    private static let blockBytes = 64 * 1024

    private let sha256: @Sendable ([UInt8]) -> [UInt8]
    private var digest: [UInt8] = []
    private var pending: [UInt8] = []

    init(_ sha256: @escaping @Sendable ([UInt8]) -> [UInt8]) { self.sha256 = sha256 }

    mutating func add(_ bytes: [UInt8]) {
        pending += bytes
        var start = 0
        while pending.count - start >= Self.blockBytes {
            digest = sha256(digest + pending[start..<(start + Self.blockBytes)])
            start += Self.blockBytes
        }
        pending.removeFirst(start)
    }

    /// Adds a text so that it cannot run over into the next one.
    mutating func add(_ text: String) {
        add(Array("\(text.utf8.count):".utf8) + Array(text.utf8))
    }

    /// 32 bytes.
    func finished() -> [UInt8] { sha256(digest + pending) }

    /// What the call is, and its body where that is at hand: one that is still
    /// to come is compared by itself (`BodyTap`).
    static func of(_ request: HTTPRequest, _ sha256: @escaping @Sendable ([UInt8]) -> [UInt8]) -> [UInt8] {
        var fingerprint = Fingerprint(sha256)
        fingerprint.add(request.method.rawValue)
        fingerprint.add(request.path)
        fingerprint.add(request.target.rawQuery)
        fingerprint.add(request.headers.all("Content-Type").joined(separator: ","))
        fingerprint.add(request.body)
        return fingerprint.finished()
    }
}

extension [UInt8] {
    /// Two hexadecimal digits a byte.
    var hexadecimal: String {
        map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
