import Domain

extension WebhookSpec {
    /// Reads whom to tell, and of what. What it returns counts only when the
    /// reader's errors are none.
    init(_ reader: inout ObjectReader, _ rules: OutboundRules) {
        self.init(
            url: reader.requiredString("url", rules.url) ?? "", events: reader.eventTypes("events") ?? [],
            description: reader.string("description", Limits.description))
    }
}

extension WebhookPatch {
    /// Reads a change; what is absent stays.
    init(_ reader: inout ObjectReader, _ rules: OutboundRules) {
        self.init(
            url: reader.string("url", rules.url), events: reader.eventTypes("events"),
            description: reader.string("description", Limits.description), enabled: reader.bool("enabled"))
    }
}

extension ObjectReader {
    /// What stands for every type of event.
    static let everything = "*"

    /// A list of event types; `["*"]` and an empty one mean all and are empty in
    /// the answer, nil where the member is absent or wrong.
    mutating func eventTypes(_ name: String) -> [EventType]? {
        guard let items = array(name, atMost: EventType.allCases.count) else { return nil }
        if items == [.string(Self.everything)] { return [] }
        var types: [EventType] = []
        for (index, item) in items.enumerated() {
            let path = "\(field(name))[\(index)]"
            switch item {
            case .string(Self.everything): errors.add(path, "stands for all, so it must stand alone")
            case .string(let text):
                guard let type = EventType(rawValue: text) else {
                    errors.add(path, EventType.mustBeOneOf + ", or * alone")
                    continue
                }
                if types.contains(type) { errors.add(path, "is there already") }
                types.append(type)
            default: errors.add(path, "must be a string, is \(item.kindName)")
            }
        }
        return types
    }
}
