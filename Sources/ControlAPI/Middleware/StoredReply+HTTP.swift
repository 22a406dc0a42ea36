import Domain
import HTTPServer

extension StoredReply {
    /// The longest body that is kept.
    static let bodyBytes = 16 << 20
    /// Stands among the header fields, and is never sent.
    private static let digestField = ":body-sha256"

    /// An answer as it is kept. `bodyDigest` is that of a request's body which
    /// came as a stream.
    init(_ response: HTTPResponse, bodyDigest: [UInt8]?) {
        guard let body = response.body.bytes, body.count <= Self.bodyBytes else {
            self.init(Self.tooLong, bodyDigest: bodyDigest)
            return
        }
        var headers = response.headers.map { Header(name: $0.name, value: $0.value) }
        if let bodyDigest { headers.append(Header(name: Self.digestField, value: bodyDigest.hexadecimal)) }
        self.init(status: response.status, headers: headers, body: body)
    }

    /// What repeats are told in place of an answer that is too long to be kept.
    private static let tooLong = Problem(
        .idempotencyKeyReused,
        "The call was carried out; do not repeat it, under this key or another. Its answer was too long to be kept."
    ).response(instance: "", requestID: "")

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
