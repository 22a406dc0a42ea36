/// The decoded values of a route's `{name}` segments.
public struct HTTPParameters: Sendable, Equatable {
    private var entries: [(name: String, value: String)] = []

    /// None.
    public init() {}

    /// Names and values, in the pattern's order.
    public init(_ entries: [(name: String, value: String)]) {
        self.entries = entries
    }

    /// As many names as values.
    init(names: [String], values: [String]) {
        entries = names.indices.map { (name: names[$0], value: values[$0]) }
    }

    /// The value of `{name}`; never empty.
    public subscript(name: String) -> String? {
        entries.first { $0.name == name }?.value
    }

    /// Equal when names, values and order are.
    public static func == (left: HTTPParameters, right: HTTPParameters) -> Bool {
        left.entries.elementsEqual(right.entries, by: ==)
    }
}
