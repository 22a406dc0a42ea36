/// Header fields in the order they came; names compare without regard to ASCII case.
public struct HTTPHeaders: Sendable, Equatable, Sequence, ExpressibleByDictionaryLiteral {
    /// One field line.
    public struct Field: Sendable, Equatable {
        /// The name as written.
        public let name: String
        /// The value without surrounding white space.
        public let value: String

        /// Two fields are equal when their values are and their names are but for case.
        public static func == (left: Field, right: Field) -> Bool {
            left.value == right.value && HTTPHeaders.sameName(left.name, right.name)
        }
    }

    private var fields: [Field] = []

    /// No fields.
    public init() {}

    /// Fields in the literal's order; a repeated name gives several fields.
    public init(dictionaryLiteral elements: (String, String)...) {
        fields = elements.map { Field(name: $0.0, value: $0.1) }
    }

    /// The first value under `name`; setting replaces all of them, `nil` removes them.
    public subscript(name: String) -> String? {
        get { fields.first { Self.sameName($0.name, name) }?.value }
        set {
            if let newValue { replace(name, newValue) } else { remove(name) }
        }
    }

    /// Every value under `name`, in order.
    public func all(_ name: String) -> [String] {
        fields.filter { Self.sameName($0.name, name) }.map(\.value)
    }

    /// Makes room for that many fields more.
    mutating func reserveCapacity(_ count: Int) { fields.reserveCapacity(fields.count + count) }

    /// Appends a field and leaves others of the same name alone.
    public mutating func add(_ name: String, _ value: String) {
        fields.append(Field(name: name, value: value))
    }

    /// Puts `value` where the first field of that name stood (else at the end) and removes the others.
    public mutating func replace(_ name: String, _ value: String) {
        guard let place = fields.firstIndex(where: { Self.sameName($0.name, name) }) else {
            return add(name, value)
        }
        fields[place] = Field(name: fields[place].name, value: value)
        var index = fields.count - 1
        while index > place {
            if Self.sameName(fields[index].name, name) { fields.remove(at: index) }
            index -= 1
        }
    }

    /// Removes every field of that name.
    public mutating func remove(_ name: String) {
        fields.removeAll { Self.sameName($0.name, name) }
    }

    /// How many field lines there are.
    public var count: Int { fields.count }

    /// The field lines in order.
    public func makeIterator() -> IndexingIterator<[Field]> {
        fields.makeIterator()
    }

    static func sameName(_ left: String, _ right: String) -> Bool {
        // Most are written the same way, and then this is all there is to do.
        if left == right { return true }
        let left = left.utf8, right = right.utf8
        return left.count == right.count && zip(left, right).allSatisfy { lowercase($0) == lowercase($1) }
    }

    private static func lowercase(_ byte: UInt8) -> UInt8 {
        byte &- 0x41 < 26 ? byte | 0x20 : byte
    }
}
