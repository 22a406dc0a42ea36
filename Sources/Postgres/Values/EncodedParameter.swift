/// One parameter as libpq takes it: bytes with a NUL behind them, or nothing
/// for NULL.
struct EncodedParameter: Sendable {
    /// The bytes with a trailing NUL, or nil for NULL.
    let bytes: [UInt8]?
    /// Whether the bytes are the type's binary format (only `bytea`).
    let isBinary: Bool

    /// How many bytes count, without the trailing NUL.
    var count: Int { bytes.map { $0.count - 1 } ?? 0 }

    static let null = EncodedParameter(bytes: nil, isBinary: false)

    /// Encodes every value, or says which placeholder cannot be sent.
    static func encode(_ values: [PostgresValue]) throws(PostgresError) -> [EncodedParameter] {
        guard values.count <= 65_535 else {
            throw PostgresError(.encoding, reason: "more than 65535 parameters")
        }
        var encoded: [EncodedParameter] = []
        encoded.reserveCapacity(values.count)
        for (index, value) in values.enumerated() {
            let parameter = EncodedParameter(value)
            if !parameter.isBinary, let bytes = parameter.bytes, bytes.dropLast().contains(0) {
                throw PostgresError(.encoding, reason: "parameter $\(index + 1) contains a NUL byte")
            }
            encoded.append(parameter)
        }
        return encoded
    }

    private init(bytes: [UInt8]?, isBinary: Bool) {
        self.bytes = bytes
        self.isBinary = isBinary
    }

    private init(_ value: PostgresValue) {
        if case .null = value {
            self = .null
            return
        }
        var buffer: [UInt8] = []
        value.appendText(to: &buffer)
        buffer.append(0)
        if case .bytes = value {
            self.init(bytes: buffer, isBinary: true)
        } else {
            self.init(bytes: buffer, isBinary: false)
        }
    }
}
