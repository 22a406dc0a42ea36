import Domain

/// Reads the members of one JSON object, each at most once; what is wrong goes
/// into the shared `FieldErrors` under its path, and reading goes on.
struct ObjectReader {
    private let path: String
    private var members: [String: JSONValue]
    private let order: [String]
    let errors: FieldErrors

    init(_ members: [JSONValue.Member], path: String, errors: FieldErrors) {
        self.path = path
        self.errors = errors
        order = members.map(\.name)
        self.members = Dictionary(members.map { ($0.name, $0.value) }) { first, _ in first }
    }

    /// The path of a member, as errors name it.
    func field(_ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }

    /// A member's value, or nil where it is absent; afterwards it counts as known.
    mutating func take(_ name: String) -> JSONValue? { members.removeValue(forKey: name) }

    func isAbsent(_ name: String) -> Bool { members[name] == nil }

    func fail(_ name: String, _ message: String) { errors.add(field(name), message) }

    private func wrongType(_ name: String, _ wanted: String, _ value: JSONValue) {
        fail(name, "must be \(wanted), is \(value.kindName)")
    }

    mutating func string(_ name: String, _ rule: some TextChecking) -> String? {
        guard let value = take(name) else { return nil }
        guard case .string(let text) = value else {
            wrongType(name, "a string", value)
            return nil
        }
        if let problem = rule.problem(with: text) { fail(name, problem) }
        return text
    }

    mutating func requiredString(_ name: String, _ rule: some TextChecking) -> String? {
        if members[name] == nil { fail(name, "is required") }
        return string(name, rule)
    }

    mutating func bool(_ name: String) -> Bool? {
        guard let value = take(name) else { return nil }
        guard case .bool(let flag) = value else {
            wrongType(name, "a boolean", value)
            return nil
        }
        return flag
    }

    mutating func integer(_ name: String, _ range: ClosedRange<Int>) -> Int? {
        guard let value = take(name) else { return nil }
        guard case .number(let text) = value, let number = Self.integer(text) else {
            wrongType(name, "an integer", value)
            return nil
        }
        guard range.contains(number) else {
            fail(name, "must be \(range.lowerBound) to \(range.upperBound)")
            return nil
        }
        return number
    }

    /// A number without a fraction, however it is written: `5`, `5.0` and
    /// `0.5e1` are the same to JSON Schema. Those beyond an `Int` are beyond
    /// every range as well.
    private static func integer(_ text: String) -> Int? {
        if let number = Int(text) { return number }
        guard let number = Double(text), number == number.rounded() else { return nil }
        return Int(exactly: number) ?? (number < 0 ? .min : .max)
    }

    mutating func choice<Choice: RawRepresentable & CaseIterable>(
        _ name: String, _: Choice.Type
    ) -> Choice? where Choice.RawValue == String {
        guard let value = take(name) else { return nil }
        return choice(value, field: field(name))
    }

    private func choice<Choice: RawRepresentable & CaseIterable>(
        _ value: JSONValue, field: String
    ) -> Choice? where Choice.RawValue == String {
        if case .string(let text) = value, let choice = Choice(rawValue: text) { return choice }
        errors.add(field, Choice.mustBeOneOf)
        return nil
    }

    mutating func choices<Choice: RawRepresentable & CaseIterable>(
        _ name: String, _: Choice.Type
    ) -> [Choice]? where Choice.RawValue == String {
        guard let items = array(name, atMost: Choice.allCases.count) else { return nil }
        return items.enumerated().compactMap { choice($1, field: "\(field(name))[\($0)]") }
    }

    mutating func array(_ name: String, atMost limit: Int) -> [JSONValue]? {
        guard let value = take(name) else { return nil }
        guard case .array(let items) = value else {
            wrongType(name, "an array", value)
            return nil
        }
        guard items.count <= limit else {
            fail(name, "must have at most \(limit) items, has \(items.count)")
            return nil
        }
        return items
    }

    /// An array of texts, none of them twice.
    mutating func strings(_ name: String, _ rule: some TextChecking, count: ClosedRange<Int>) -> [String]? {
        guard let items = array(name, atMost: count.upperBound) else { return nil }
        if items.count < count.lowerBound { fail(name, "must have at least \(count.lowerBound) item") }
        var texts: [String] = []
        for (index, item) in items.enumerated() {
            let path = "\(field(name))[\(index)]"
            guard case .string(let text) = item else {
                errors.add(path, "must be a string, is \(item.kindName)")
                continue
            }
            if let problem = rule.problem(with: text) { errors.add(path, problem) }
            if texts.contains(text) { errors.add(path, "is there already") }
            texts.append(text)
        }
        return texts
    }

    mutating func object(_ name: String) -> ObjectReader? {
        guard let value = take(name) else { return nil }
        return Self.reader(of: value, path: field(name), errors: errors)
    }

    /// A reader of `value`, which must be an object.
    static func reader(of value: JSONValue, path: String, errors: FieldErrors) -> ObjectReader? {
        guard case .object(let members) = value else {
            errors.add(path, "must be an object, is \(value.kindName)")
            return nil
        }
        return ObjectReader(members, path: path, errors: errors)
    }

    /// An object of strings: labels, attributes.
    mutating func map(
        _ name: String, keys: some TextChecking, values: some TextChecking, atMost limit: Int = Limits.pairs
    ) -> [String: String]? {
        guard let value = take(name) else { return nil }
        guard case .object(let pairs) = value else {
            wrongType(name, "an object", value)
            return nil
        }
        if pairs.count > limit { fail(name, "must have at most \(limit) members, has \(pairs.count)") }
        var map: [String: String] = [:]
        for pair in pairs.prefix(limit) {
            let path = "\(field(name)).\(pair.name.prefix(64))"
            if let problem = keys.problem(with: pair.name) { errors.add(path, "has a name that \(problem)") }
            guard case .string(let text) = pair.value else {
                errors.add(path, "must be a string, is \(pair.value.kindName)")
                continue
            }
            if let problem = values.problem(with: text) { errors.add(path, problem) }
            map[pair.name] = text
        }
        return map
    }

    /// An id of one kind, in exactly its form.
    mutating func id<Kind>(_ name: String, _: Kind.Type) -> EntityID<Kind>? {
        guard let value = take(name) else { return nil }
        if case .string(let text) = value, let id = EntityID<Kind>(text) { return id }
        fail(name, "must be an id that begins with \(Kind.prefix)_")
        return nil
    }

    /// Any JSON object, as compact text of at most `limit` bytes.
    mutating func freeObject(_ name: String, atMost limit: Int) -> String? {
        guard let value = take(name) else { return nil }
        guard case .object = value else {
            wrongType(name, "an object", value)
            return nil
        }
        if value.holdsNUL { fail(name, "must not hold U+0000") }
        let text = value.compactText
        if text.utf8.count > limit { fail(name, "must be at most \(limit) bytes of JSON, is \(text.utf8.count)") }
        return text
    }

    /// Refuses the members that nobody asked for, once.
    mutating func finish() {
        for name in order where members[name] != nil {
            errors.add(field(String(name.prefix(64))), "is not a known field")
        }
        members = [:]
    }
}

extension RawRepresentable where Self: CaseIterable, RawValue == String {
    static var mustBeOneOf: String { "must be one of " + allCases.map(\.rawValue).joined(separator: ", ") }
}
