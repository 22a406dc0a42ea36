import Domain
import Foundation
import Testing

@testable import ControlAPI

/// `openapi.yaml` and the routes say the same.
struct ContractTests {
    private static let verbs: Set = ["get", "post", "put", "patch", "delete"]

    @Test func routesAndContract_areTheSameSet() throws {
        let paths = try #require(try Contract.document()["paths"] as? [String: [String: Any]])
        let documented = Set(
            paths.flatMap { path, item in item.keys.filter(Self.verbs.contains).map { "\($0.uppercased()) \(path)" } })
        let served = Set(try APIHarness().api.routes.map { "\($0.method.rawValue) \($0.pattern)" })
        #expect(served.subtracting(documented).isEmpty)
        #expect(documented.subtracting(served).isEmpty)
        #expect(documented.count == 58)
    }

    @Test func problemSlugs_areTheSameSet() throws {
        let components = try #require(try Contract.document()["components"] as? [String: Any])
        let parameters = try #require(components["parameters"] as? [String: [String: Any]])
        let schema = try #require(parameters["ProblemSlug"]?["schema"] as? [String: Any])
        #expect(schema["enum"] as? [String] == ProblemType.allCases.map(\.slug))
    }

    /// The words of the domain, each once in the code and once in the contract.
    @Test func enumerations_areTheDomains() throws {
        let components = try #require(try Contract.document()["components"] as? [String: Any])
        let schemas = try #require(components["schemas"] as? [String: [String: Any]])
        func words(_ schema: String, _ property: String? = nil) throws -> [String] {
            let whole = try #require(schemas[schema])
            let place = try #require(property.map { (whole["properties"] as? [String: [String: Any]])?[$0] } ?? whole)
            return try #require(place["enum"] as? [Any]).compactMap { $0 as? String }
        }
        func words<Word: RawRepresentable & CaseIterable>(_: Word.Type) -> [String] where Word.RawValue == String {
            Word.allCases.map(\.rawValue)
        }
        #expect(try words("TurnOutcome") == words(Turn.Outcome.self))
        #expect(try words("Turn", "status") == words(Turn.Status.self))
        #expect(try words("Turn", "end_reason") == words(Turn.EndReason.self))
        #expect(try words("GateReason") == words(GateReason.self))
        #expect(try words("Speech", "status") == words(Speech.Status.self))
        #expect(try words("Incident", "finding") == words(Incident.Finding.self))
        #expect(try words("AudioReader", "format") == words(AudioStreamFormat.Container.self))
        #expect(try words("AgentState") == words(AgentState.self))
        #expect(try words("SessionStatus") == words(SessionStatus.self))
        #expect(try words("EndReason") == words(SessionEndReason.self))
        #expect(try words("EventType") == words(EventType.self))
        #expect(try words("DeliveryStatus") == words(WebhookDelivery.Status.self))
        #expect(try words("RPCEnvelope") == words(RPCEnvelope.self))
        #expect(try words("RPCInvocation", "direction") == words(RPCInvocationRecord.Direction.self))
        #expect(try words("RPCInvocation", "status") == words(RPCInvocationRecord.Outcome.self))
        #expect(try words("Webhook", "disabled_reason") == words(Webhook.Disabled.Reason.self))
        #expect(try words("Participant", "kind") == words(ParticipantKind.self))
    }

    @Test func boundsOfParameters_areTheCodes() throws {
        let components = try #require(try Contract.document()["components"] as? [String: Any])
        let parameters = try #require(components["parameters"] as? [String: [String: Any]])
        func bounds(_ name: String) throws -> [Int?] {
            let schema = try #require(parameters[name]?["schema"] as? [String: Any])
            return ["minimum", "maximum", "default"].map { schema[$0] as? Int }
        }
        func bounds(_ range: ClosedRange<Int>, _ standard: Int?) -> [Int?] {
            [range.lowerBound, range.upperBound, standard]
        }
        #expect(try bounds("StreamSampleRate") == bounds(Limits.sampleRate, Limits.defaultStreamSampleRate))
        #expect(try bounds("TurnSampleRate") == bounds(Limits.sampleRate, AudioFrame.sampleRate))
        #expect(try bounds("SpeechWait") == bounds(Limits.speechWaitMs, Limits.defaultSpeechWaitMs))
        #expect(try bounds("Wait") == bounds(Limits.waitMs, nil))
        #expect(try bounds("PollWait") == bounds(Limits.waitMs, 0))
        #expect(try bounds("Lease") == bounds(Limits.leaseMs, Limits.defaultLeaseMs))
        #expect(try bounds("InvocationLimit") == bounds(Limits.page, nil))
        #expect(try bounds("Limit") == bounds(Limits.page, Limits.defaultPage))
    }

    /// What holds of every call, so that a new one without it fails.
    @Test func everyOperation_saysWhatHoldsOfAll() throws {
        let paths = try #require(try Contract.document()["paths"] as? [String: [String: Any]])
        for (path, item) in paths {
            for (verb, operation) in item {
                let operation = try #require(operation as? [String: Any])
                let responses = try #require(operation["responses"] as? [String: [String: Any]])
                // Callers without a key are not counted.
                let isOpen = (operation["security"] as? [Any])?.isEmpty == true
                let limited = isOpen ? nil : "#/components/responses/RateLimited"
                #expect(reference(responses["429"]) == limited, "\(verb) \(path)")
                let parameters = (operation["parameters"] as? [[String: Any]] ?? []).compactMap(reference)
                let hasKey = parameters.contains("#/components/parameters/IdempotencyKey")
                #expect(hasKey == (verb == "post"), "\(verb) \(path)")
                guard verb == "post" else { continue }
                #expect(reference(responses["409"]) == "#/components/responses/Conflict", "\(path)")
                #expect(reference(responses["422"]) == "#/components/responses/KeyReused", "\(path)")
                for (status, answer) in responses where status.hasPrefix("2") {
                    #expect((answer["headers"] as? [String: Any])?["Idempotent-Replayed"] != nil, "\(path)")
                }
            }
        }
    }

    private func reference(_ place: [String: Any]?) -> String? { place?["$ref"] as? String }

    @Test func everyEvent_isAWebhookOfTheContract() throws {
        let hooks = try #require(try Contract.document()["webhooks"] as? [String: [String: Any]])
        #expect(Set(hooks.keys) == Set(EventType.allCases.map(\.rawValue) + ["webhook.test", "rpc.invocation"]))
    }

    /// Every example of the contract is what it is an example of.
    @Test func examples_fitTheirSchemas() throws {
        let check = try SchemaCheck()
        let components = try #require(check.document["components"] as? [String: Any])
        let schemas = try #require(components["schemas"] as? [String: [String: Any]])
        var count = 0
        for (name, schema) in schemas {
            for example in schema["examples"] as? [Any] ?? [] {
                let data = try JSONSerialization.data(withJSONObject: example, options: .fragmentsAllowed)
                #expect(try check.findings(Array(data), name).isEmpty, "\(name)")
                count += 1
            }
        }
        #expect(count > 40)
    }

    @Test func everyReference_leadsSomewhere() throws {
        let document = try Contract.document()
        var broken: [String] = []
        func walk(_ value: Any) {
            if let map = value as? [String: Any] {
                if let reference = map["$ref"] as? String, !resolves(reference, document) { broken.append(reference) }
                map.values.forEach(walk)
            } else if let list = value as? [Any] {
                list.forEach(walk)
            }
        }
        walk(document)
        #expect(broken.isEmpty)
    }

    private func resolves(_ reference: String, _ document: [String: Any]) -> Bool {
        var place: Any? = document
        for part in reference.dropFirst(2).split(separator: "/") { place = (place as? [String: Any])?[String(part)] }
        return place != nil
    }

    /// Open are the calls without a key, and those alone.
    @Test func security_isTheRoutesScopes() async throws {
        let paths = try #require(try Contract.document()["paths"] as? [String: [String: Any]])
        let harness = try APIHarness()
        for listing in harness.api.routes {
            let operation = try #require(
                paths[listing.pattern]?[listing.method.rawValue.lowercased()] as? [String: Any])
            let isOpen = (operation["security"] as? [Any])?.isEmpty == true
            let path = listing.pattern.replacingBraces()
            let answer = try await harness.send(listing.method, path, authorization: "")
            #expect((answer.status != 401) == isOpen, "\(listing.method) \(listing.pattern)")
        }
    }
}

extension String {
    /// A path of this pattern.
    fileprivate func replacingBraces() -> String {
        split(separator: "/").map { $0.hasPrefix("{") ? "x" : "/\($0)".dropFirst() }.reduce("") { "\($0)/\($1)" }
    }
}
