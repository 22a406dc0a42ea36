import Domain
import HTTPServer

/// Reads a request's query parameters; what is wrong goes into `FieldErrors`.
struct QueryReader {
    private var values: [String: [String]] = [:]
    private var order: [String] = []
    let errors: FieldErrors

    init(_ query: HTTPQuery, errors: FieldErrors) {
        self.errors = errors
        for pair in query.undecodable { errors.add(Self.name(ofRaw: pair), "is not valid percent-encoded UTF-8") }
        for item in query {
            if values[item.name] == nil { order.append(item.name) }
            values[item.name, default: []].append(item.value)
        }
    }

    private static func name(ofRaw pair: String) -> String { String(pair.prefix { $0 != "=" }.prefix(64)) }

    /// Every value of a parameter that may be repeated.
    mutating func all(_ name: String) -> [String] { values.removeValue(forKey: name) ?? [] }

    /// The value of a parameter that may come once.
    mutating func single(_ name: String) -> String? {
        let all = all(name)
        if all.count > 1 { errors.add(name, "is given \(all.count) times") }
        return all.first
    }

    mutating func string(_ name: String, _ rule: some TextChecking) -> String? {
        guard let text = single(name) else { return nil }
        if let problem = rule.problem(with: text) { errors.add(name, problem) }
        return text
    }

    mutating func integer(_ name: String, _ range: ClosedRange<Int>) -> Int? {
        guard let text = single(name) else { return nil }
        guard !text.isEmpty, text.utf8.count <= 10, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let number = Int(text), range.contains(number)
        else {
            errors.add(name, "must be an integer, \(range.lowerBound) to \(range.upperBound)")
            return nil
        }
        return number
    }

    mutating func bool(_ name: String) -> Bool? {
        guard let text = single(name) else { return nil }
        guard text == "true" || text == "false" else {
            errors.add(name, "must be true or false")
            return nil
        }
        return text == "true"
    }

    mutating func choice<Choice: RawRepresentable & CaseIterable>(
        _ name: String, _: Choice.Type
    ) -> Choice? where Choice.RawValue == String {
        single(name).flatMap { choice($0, name) }
    }

    mutating func choices<Choice: RawRepresentable & CaseIterable>(
        _ name: String, _: Choice.Type
    ) -> [Choice] where Choice.RawValue == String {
        all(name).compactMap { choice($0, name) }
    }

    /// A list with commas between, each word once; nil where the parameter is absent.
    mutating func list<Choice: RawRepresentable & CaseIterable & Equatable>(
        _ name: String, _: Choice.Type
    ) -> [Choice]? where Choice.RawValue == String {
        guard let text = single(name) else { return nil }
        let words = text.split(separator: ",", omittingEmptySubsequences: false)
        guard words.count <= Choice.allCases.count else {
            errors.add(name, "must be at most \(Choice.allCases.count) words")
            return nil
        }
        var choices: [Choice] = []
        for word in words {
            guard let choice: Choice = choice(String(word), name) else { return nil }
            if choices.contains(choice) { errors.add(name, "has \(word) twice") }
            choices.append(choice)
        }
        return choices
    }

    private func choice<Choice: RawRepresentable & CaseIterable>(
        _ text: String, _ name: String
    ) -> Choice? where Choice.RawValue == String {
        if let choice = Choice(rawValue: text) { return choice }
        errors.add(name, Choice.mustBeOneOf)
        return nil
    }

    /// An id of one kind, in exactly its form.
    mutating func id<Kind>(_ name: String, _: Kind.Type) -> EntityID<Kind>? {
        guard let text = single(name) else { return nil }
        if let id = EntityID<Kind>(text) { return id }
        errors.add(name, "must be an id that begins with \(Kind.prefix)_")
        return nil
    }

    /// RFC 3339. A `+` that was not encoded arrives as a space; where an
    /// offset begins it can only have been one.
    mutating func time(_ name: String) -> Timestamp? {
        guard let text = single(name) else { return nil }
        var characters = Array(text.utf8)
        let sign = characters.count - 6
        if sign > 10, characters[sign] == 0x20 { characters[sign] = UInt8(ascii: "+") }
        if let time = Timestamp(rfc3339: String(decoding: characters, as: UTF8.self)) { return time }
        errors.add(name, "must be a time as in RFC 3339, for instance 2026-11-22T10:31:07Z")
        return nil
    }

    /// Every `label.KEY=VALUE`.
    mutating func labels() -> [String: String] {
        var labels: [String: String] = [:]
        for name in order where name.hasPrefix("label.") {
            let key = String(name.dropFirst("label.".count))
            if let problem = Limits.labelKey.problem(with: key) { errors.add(shown(name), "has a key that \(problem)") }
            labels[key] = string(name, Limits.labelValue)
        }
        if labels.count > Limits.pairs { errors.add("label", "must be at most \(Limits.pairs) labels") }
        return labels
    }

    /// Where a list goes on.
    mutating func cursor<Place>(_ read: (String) -> Place?) -> Place? {
        guard let text = single("cursor") else { return nil }
        if let place = read(text) { return place }
        errors.add("cursor", "is not a cursor of this list")
        return nil
    }

    func isAbsent(_ name: String) -> Bool { values[name] == nil }

    mutating func limit() -> Int { integer("limit", Limits.page) ?? Limits.defaultPage }

    mutating func wait() -> Duration? { integer("wait_ms", Limits.waitMs).map { .milliseconds($0) } }

    /// Refuses the parameters that nobody asked for.
    func finish() {
        for name in order where values[name] != nil { errors.add(shown(name), "is not a known query parameter") }
    }

    private func shown(_ name: String) -> String { String(name.prefix(64)) }
}
