import Foundation

@testable import ControlAPI

/// Holds JSON against a schema of `openapi.yaml`: the part of JSON Schema that
/// the contract uses, and stricter: a member that the schema does not name is
/// a finding too.
struct SchemaCheck {
    let document: [String: Any]

    init() throws { document = try Contract.document() }

    /// What is wrong with `json`, held against the component `name`.
    func findings(_ json: [UInt8], _ name: String) throws -> [String] {
        findings(try JSONParser.parse(json), named: name)
    }

    func findings(_ value: JSONValue, named name: String) -> [String] {
        check(value, ["$ref": "#/components/schemas/\(name)"], at: name)
    }

    func check(_ value: JSONValue, _ schema: [String: Any], at path: String) -> [String] {
        rules(value, schema, at: path) + strangers(value, schema, at: path)
    }

    func resolve(_ reference: String) -> [String: Any] {
        var place: Any? = document
        for part in reference.dropFirst(2).split(separator: "/") {
            let name = part.replacingOccurrences(of: "~1", with: "/")
            place = (place as? [String: Any])?[name]
        }
        return place as? [String: Any] ?? ["type": "a broken reference"]
    }

    private func rules(_ value: JSONValue, _ schema: [String: Any], at path: String) -> [String] {
        var found: [String] = []
        if let reference = schema["$ref"] as? String { found += rules(value, resolve(reference), at: path) }
        if let types = types(schema), !types.contains(where: { value.isType($0) }) {
            found.append("\(path) is \(value.kindName), not \(types)")
        }
        if let choices = schema["enum"] as? [Any], !choices.contains(where: { value.equals($0) }) {
            found.append("\(path) is none of its words")
        }
        if let constant = schema["const"], !value.equals(constant) { found.append("\(path) is not \(constant)") }
        for part in parts(schema, "allOf") { found += rules(value, part, at: path) }
        let any = parts(schema, "anyOf")
        if !any.isEmpty, !any.contains(where: { rules(value, $0, at: path).isEmpty }) {
            found.append("\(path) fits nothing of anyOf")
        }
        let one = parts(schema, "oneOf")
        if !one.isEmpty {
            let fits = one.filter { rules(value, $0, at: path).isEmpty }.count
            if fits != 1 { found.append("\(path) fits \(fits) of oneOf") }
        }
        switch value {
        case .string(let text): found += textRules(text, schema, at: path)
        case .number(let text): found += numberRules(Double(text) ?? .nan, schema, at: path)
        case .array(let items): found += arrayRules(items, schema, at: path)
        case .object(let members): found += objectRules(members, schema, at: path)
        case .null, .bool: break
        }
        return found
    }

    private func types(_ schema: [String: Any]) -> [String]? {
        (schema["type"] as? [String]) ?? (schema["type"] as? String).map { [$0] }
    }

    private func parts(_ schema: [String: Any], _ key: String) -> [[String: Any]] {
        schema[key] as? [[String: Any]] ?? []
    }

    private func textRules(_ text: String, _ schema: [String: Any], at path: String) -> [String] {
        var found: [String] = []
        let length = text.unicodeScalars.count
        if let least = schema["minLength"] as? Int, length < least { found.append("\(path) is too short") }
        if let most = schema["maxLength"] as? Int, length > most { found.append("\(path) is too long") }
        if let pattern = schema["pattern"] as? String, !matches(text, pattern) {
            found.append("\(path) does not match \(pattern)")
        }
        return found
    }

    private func matches(_ text: String, _ pattern: String) -> Bool {
        guard let expression = try? NSRegularExpression(pattern: pattern) else { return false }
        return expression.firstMatch(in: text, range: NSRange(text.startIndex..., in: text)) != nil
    }

    private func numberRules(_ number: Double, _ schema: [String: Any], at path: String) -> [String] {
        var found: [String] = []
        if let least = schema["minimum"] as? Int, number < Double(least) { found.append("\(path) is too small") }
        if let most = schema["maximum"] as? Int, number > Double(most) { found.append("\(path) is too large") }
        return found
    }

    private func arrayRules(_ items: [JSONValue], _ schema: [String: Any], at path: String) -> [String] {
        var found: [String] = []
        if let least = schema["minItems"] as? Int, items.count < least { found.append("\(path) has too few items") }
        if let most = schema["maxItems"] as? Int, items.count > most { found.append("\(path) has too many items") }
        if let item = schema["items"] as? [String: Any] {
            for (index, value) in items.enumerated() { found += check(value, item, at: "\(path)[\(index)]") }
        }
        return found
    }

    private func objectRules(_ members: [JSONValue.Member], _ schema: [String: Any], at path: String) -> [String] {
        var found: [String] = []
        let names = Set(members.map(\.name))
        for name in schema["required"] as? [String] ?? [] where !names.contains(name) {
            found.append("\(path).\(name) is missing")
        }
        let properties = schema["properties"] as? [String: [String: Any]] ?? [:]
        if let most = schema["maxProperties"] as? Int, members.count > most { found.append("\(path) is too large") }
        for member in members {
            let place = "\(path).\(member.name)"
            if let rule = schema["propertyNames"] as? [String: Any] {
                found += rules(.string(member.name), rule, at: place)
            }
            if let property = properties[member.name] {
                found += check(member.value, property, at: place)
            } else if schema["additionalProperties"] as? Bool == false {
                found.append("\(place) is not allowed")
            } else if let other = schema["additionalProperties"] as? [String: Any] {
                found += check(member.value, other, at: place)
            }
        }
        return found
    }

    /// Members that no part of the schema names, where it names any.
    private func strangers(_ value: JSONValue, _ schema: [String: Any], at path: String) -> [String] {
        guard case .object(let members) = value else { return [] }
        var names = Set<String>()
        guard collect(schema, &names), !names.isEmpty else { return [] }
        return members.filter { !names.contains($0.name) }.map { "\(path).\($0.name) is not in the contract" }
    }

    /// False where anything may come.
    private func collect(_ schema: [String: Any], _ names: inout Set<String>) -> Bool {
        if let more = schema["additionalProperties"], more as? Bool != false { return false }
        if let properties = schema["properties"] as? [String: Any] { names.formUnion(properties.keys) }
        if let reference = schema["$ref"] as? String, !collect(resolve(reference), &names) { return false }
        let isClosed = ["allOf", "anyOf", "oneOf"].flatMap { parts(schema, $0) }.allSatisfy { collect($0, &names) }
        return isClosed
    }
}

extension JSONValue {
    fileprivate func isType(_ type: String) -> Bool {
        switch (self, type) {
        case (.null, "null"), (.bool, "boolean"), (.number, "number"), (.string, "string"), (.array, "array"),
            (.object, "object"):
            true
        case (.number(let text), "integer"): Double(text).map { $0 == $0.rounded() } ?? false
        default: false
        }
    }

    /// Whether it is what YAML says.
    fileprivate func equals(_ other: Any) -> Bool {
        switch self {
        case .null: other is NSNull
        case .bool(let flag): other as? Bool == flag
        case .number(let text): (other as? Int).map { Double($0) == Double(text) } ?? false
        case .string(let text): other as? String == text
        case .array(let items):
            (other as? [Any]).map { $0.count == items.count && zip(items, $0).allSatisfy { $0.equals($1) } } ?? false
        case .object: false
        }
    }
}
