import Domain
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
        #expect(documented.count == 40)
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
        #expect(try bounds("Limit") == bounds(Limits.page, Limits.defaultPage))
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
