import Domain

extension RPCDestinations {
    /// Reads `destinations`: `"all"` or identities; nil where it is absent or wrong.
    init?(_ reader: inout ObjectReader) {
        guard let value = reader.take("destinations") else { return nil }
        switch value {
        case .string("all"): self = .all
        case .array(let items):
            if items.isEmpty || items.count > Limits.destinations {
                reader.fail("destinations", "must be 1 to \(Limits.destinations) identities")
            }
            self = .identities(Self.identities(items.prefix(Limits.destinations), reader))
        default:
            reader.fail("destinations", "must be \"all\" or an array of identities")
            return nil
        }
    }

    private static func identities(_ items: ArraySlice<JSONValue>, _ reader: ObjectReader) -> [String] {
        items.enumerated().compactMap { index, item in
            let path = "\(reader.field("destinations"))[\(index)]"
            guard case .string(let text) = item else {
                reader.errors.add(path, "must be a string, is \(item.kindName)")
                return nil
            }
            if let problem = Limits.name.problem(with: text) { reader.errors.add(path, problem) }
            return text
        }
    }
}
