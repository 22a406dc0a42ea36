/// A one-dimensional array column whose elements may be NULL.
public struct PostgresArray<Element: PostgresDecodable>: PostgresDecodable {
    /// The elements in order, nil for NULL.
    public let elements: [Element?]

    /// Any one-dimensional array whose elements are all `Element` or NULL.
    public init?(postgresText text: UnsafeRawBufferPointer) {
        guard let items = ArrayText.parse(text) else { return nil }
        var elements: [Element?] = []
        elements.reserveCapacity(items.count)
        for item in items {
            guard let item else {
                elements.append(nil)
                continue
            }
            guard let element = item.withUnsafeBytes({ Element(postgresText: $0) }) else { return nil }
            elements.append(element)
        }
        self.elements = elements
    }
}
