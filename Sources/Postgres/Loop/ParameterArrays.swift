/// Lays parameters out as the three arrays that libpq's send functions take.
enum ParameterArrays {
    typealias Body<Value> = (
        Int32, UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<Int32>?, UnsafePointer<Int32>?
    ) -> Value

    /// The pointers are valid only during `body`; libpq copies what it needs.
    static func with<Value>(_ parameters: [EncodedParameter], _ body: Body<Value>) -> Value {
        guard !parameters.isEmpty else { return body(0, nil, nil, nil) }
        let lengths = parameters.map { Int32(clamping: $0.count) }
        let formats = parameters.map { $0.isBinary ? Int32(1) : 0 }
        var flat: [UInt8] = []
        flat.reserveCapacity(parameters.reduce(0) { $0 + ($1.bytes?.count ?? 0) })
        for parameter in parameters { flat.append(contentsOf: parameter.bytes ?? []) }
        return flat.withUnsafeBytes { buffer in
            let start = buffer.baseAddress?.assumingMemoryBound(to: CChar.self)
            var offset = 0
            let values = parameters.map { parameter -> UnsafePointer<CChar>? in
                guard let bytes = parameter.bytes else { return nil }
                defer { offset += bytes.count }
                return start.map { $0 + offset }
            }
            return body(Int32(parameters.count), values, lengths, formats)
        }
    }
}
