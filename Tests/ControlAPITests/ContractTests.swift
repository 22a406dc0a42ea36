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
