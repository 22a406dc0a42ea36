/// The query of a target: name and value pairs in their order, decoded
/// (`%XX` and `+`, as HTML forms write them).
public struct HTTPQuery: Sendable, Equatable, Sequence {
    /// One pair; a name without `=` has an empty value.
    public struct Item: Sendable, Equatable {
        /// The decoded name.
        public let name: String
        /// The decoded value.
        public let value: String
    }

    /// The pairs that could be decoded.
    public let items: [Item]

    /// The pairs, as they came, whose percent-encoding is broken or does not
    /// give UTF-8. Not empty means: the request deserves a 400.
    public let undecodable: [String]

    /// Takes a query apart; `raw` is what stands after the `?`, without it.
    public init(_ raw: Substring = "") {
        var items: [Item] = []
        var undecodable: [String] = []
        for pair in raw.utf8.split(separator: UInt8(ascii: "&")) {
            let end = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
            if let name = PercentCoding.decode(Substring(pair[..<end]), plusIsSpace: true),
                let value = PercentCoding.decode(Substring(pair[end...].dropFirst()), plusIsSpace: true)
            {
                items.append(Item(name: name, value: value))
            } else {
                undecodable.append(String(Substring(pair)))
            }
        }
        self.items = items
        self.undecodable = undecodable
    }

    /// The first value under `name` (case-sensitive).
    public subscript(name: String) -> String? {
        items.first { $0.name == name }?.value
    }

    /// Every value under `name`, in order.
    public func all(_ name: String) -> [String] {
        items.filter { $0.name == name }.map(\.value)
    }

    /// The decoded pairs in order.
    public func makeIterator() -> IndexingIterator<[Item]> {
        items.makeIterator()
    }
}
