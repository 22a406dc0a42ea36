import Domain
import HTTPServer

extension StoredReply {
    /// The longest body that is kept.
    static let bodyBytes = 16 << 20
    /// Stands among the header fields, and is never sent.
    private static let digestField = ":body-sha256"
    /// Stands there too, in place of a body that is longer than `bodyBytes`.
    private static let tooLargeField = ":too-large"

    /// An answer as it is kept. `bodyDigest` is that of a request's body which
    /// came as a stream.
    init(_ response: HTTPResponse, bodyDigest: [UInt8]?) {
        var headers = response.headers.map { Header(name: $0.name, value: $0.value) }
        if let bodyDigest { headers.append(Header(name: Self.digestField, value: bodyDigest.hexadecimal)) }
        let body = response.body.bytes.flatMap { $0.count <= Self.bodyBytes ? $0 : nil }
        if body == nil { headers.append(Header(name: Self.tooLargeField, value: "")) }
        self.init(status: response.status, headers: headers, body: body ?? [])
    }

    /// Whether all that is kept of the answer is that there was one.
    var isTooLarge: Bool { headers.contains { $0.name == Self.tooLargeField } }

    var bodyDigest: String? { headers.first { $0.name == Self.digestField }?.value }

    /// The answer once more.
    var response: HTTPResponse {
        var fields = HTTPHeaders()
        for header in headers where header.name != Self.digestField { fields.add(header.name, header.value) }
        return HTTPResponse(status: status, headers: fields, body: body.isEmpty ? .empty : .bytes(body))
    }
}

extension HTTPBody {
    /// Nil for a stream.
    fileprivate var bytes: [UInt8]? {
        switch self {
        case .empty: []
        case .bytes(let bytes): bytes
        case .stream: nil
        }
    }
}
