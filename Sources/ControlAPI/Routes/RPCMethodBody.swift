import Domain

extension RequestInput {
    /// A method that was read, once the rest of the request was found right as well.
    mutating func checked(_ spec: RPCMethodSpec?) throws(TurngateError) -> RPCMethodSpec {
        try finish()
        guard let spec else { throw .internalFailure("a method that is neither there nor wrong") }
        return spec
    }
}
