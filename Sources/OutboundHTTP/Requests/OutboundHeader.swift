/// One header field. Names compare without regard to case.
public struct OutboundHeader: Equatable, Sendable {
    /// The field's name, as it was written.
    public let name: String
    /// The field's value, without the spaces around it.
    public let value: String

    /// A field of this name and value.
    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }

    /// Whether this is the field `name`, in any case.
    func isNamed(_ name: String) -> Bool {
        self.name.lowercased() == name.lowercased()
    }
}
