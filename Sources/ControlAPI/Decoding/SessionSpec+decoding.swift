import Domain

extension SessionSpec {
    /// Reads the body of `POST /v1/sessions`. What it returns counts only
    /// when the reader's errors are none.
    init(_ reader: inout ObjectReader, _ rules: OutboundRules) {
        self.init(room: reader.requiredString("room", Limits.name) ?? "")
        if var agent = reader.object("agent") { self.agent = AgentProfile(&agent) }
        rpcMethods = Self.methods(&reader, rules)
        labels = reader.map("labels", keys: Limits.labelKey, values: Limits.labelValue) ?? [:]
        metadata = reader.freeObject("metadata", atMost: Limits.metadataBytes) ?? "{}"
        if let seconds = reader.integer("max_duration_s", Limits.maxDurationSeconds) {
            maxDuration = seconds == 0 ? nil : .seconds(seconds)
        }
        if let seconds = reader.integer("empty_timeout_s", Limits.emptyTimeoutSeconds) {
            emptyTimeout = seconds == 0 ? nil : .seconds(seconds)
        }
        webhooks = Self.webhooks(&reader, rules)
        guard var policy = reader.object("turn_policy") else { return }
        let patch = TurnPolicyPatch(&policy)
        if reader.errors.errors.isEmpty { turnPolicy = turnPolicy.merging(patch) }
    }

    private static func methods(_ reader: inout ObjectReader, _ rules: OutboundRules) -> [RPCMethodSpec] {
        let items = reader.array("rpc_methods", atMost: Limits.rpcMethods) ?? []
        return items.enumerated().compactMap { index, item in
            let path = "\(reader.field("rpc_methods"))[\(index)]"
            guard var method = ObjectReader.reader(of: item, path: path, errors: reader.errors) else { return nil }
            return RPCMethodSpec(named: &method, rules)
        }
    }

    private static func webhooks(_ reader: inout ObjectReader, _ rules: OutboundRules) -> [WebhookSpec] {
        let items = reader.array("webhooks", atMost: Limits.sessionWebhooks) ?? []
        return items.enumerated().compactMap { index, item in
            let path = "\(reader.field("webhooks"))[\(index)]"
            guard var webhook = ObjectReader.reader(of: item, path: path, errors: reader.errors) else { return nil }
            defer { webhook.finish() }
            return WebhookSpec(&webhook, rules)
        }
    }

    /// The first name that two of the methods have.
    var repeatedMethod: String? {
        var seen = Set<String>()
        return rpcMethods.first { !seen.insert($0.name).inserted }?.name
    }
}

extension AgentProfile {
    /// Reads `agent`.
    init(_ reader: inout ObjectReader) {
        self.init()
        identity = reader.string("identity", Limits.name) ?? identity
        name = reader.string("name", Limits.displayName) ?? name
        metadata = reader.string("metadata", Limits.agentMetadata) ?? metadata
        attributes = reader.map("attributes", keys: AttributeKeyRule(), values: Limits.attributeValue) ?? attributes
        reader.finish()
    }
}

/// What an attribute's key may be: not one that Turngate itself writes.
struct AttributeKeyRule: TextChecking {
    func problem(with text: String) -> String? {
        if let problem = Limits.labelKey.problem(with: text) { return problem }
        let isReserved = ["lk.agent.", "lk.agent_", "turngate."].contains { text.hasPrefix($0) }
        return isReserved ? "is reserved for Turngate" : nil
    }
}
