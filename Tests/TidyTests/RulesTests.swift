import Testing

/// Each rule must find what it is for: a rule that finds nothing holds nothing.
@Suite struct RulesTests {
    private func source(_ text: String, at path: String = "Sources/Domain/A.swift") -> SwiftSource {
        SwiftSource(path: path, text: text)
    }

    private func lines(_ findings: [Finding]) -> [Int] { findings.map(\.line) }

    // MARK: arrows

    @Test(arguments: [
        "import Store", "@testable import Store", "public import Store", "import struct Store.Row",
        "@preconcurrency internal import class Store.Row", "let a = 1; import Store", "#if DEBUG\nimport Store\n#endif",
    ])
    func import_againstTheArrows_isFound(_ text: String) {
        #expect(Arrows.findings(in: source(text)).map(\.what) == ["Domain may not import Store"])
    }

    @Test func import_alongTheArrows_isFine() {
        let text = "import Foundation\nimport Domain\n// import Postgres\nlet a = \"import Store\"\nlet b = c.import"
        #expect(Arrows.findings(in: source(text, at: "Sources/ControlAPI/Routes/A.swift")).isEmpty)
    }

    @Test func import_ofACLibraryByAnotherTarget_isFound() {
        let inSources = source("import CPostgres", at: "Sources/Store/A.swift")
        #expect(Arrows.findings(in: inSources).count == 1)
        let inTests = source("import CPostgres", at: "Tests/StoreTests/A.swift")
        #expect(Arrows.foreignFindings(in: inTests).map(\.what) == ["CPostgres is for Postgres alone"])
    }

    @Test func everyCLibrary_isAllowedToItsWrapperOnly() {
        for (library, wrapper) in Arrows.wrapperOf {
            #expect(Arrows.allowed.filter { $0.value.contains(library) }.map(\.key) == [wrapper])
        }
    }

    @Test func unknownTarget_isFound() {
        #expect(Arrows.findings(in: source("import Foundation", at: "Sources/Shed/A.swift")).count == 1)
    }

    @Test func packageManifest_isReadWithItsProductsAndVariables() {
        let manifest = PackageManifest(
            text: """
                let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
                targets: [
                    // room("Gone", ["Domain"]),
                    room("Domain"),
                    room("Store", ["Domain", logging, .product(name: "SwiftProtobuf", package: "swift-protobuf")], \
                resources: []),
                    .executableTarget(
                        name: "Turngate",
                        dependencies: ["Store",
                            logging]),
                ]
                """)
        #expect(
            manifest.dependencies == [
                "Domain": [], "Store": ["Domain", "Logging", "SwiftProtobuf"], "Turngate": ["Store", "Logging"],
            ])
    }

    // MARK: sizes

    private func function(lines: Int, head: String = "func long()") -> String {
        "\(head) {\n" + String(repeating: "    step(\"{\")\n", count: lines - 2) + "}\n"
    }

    @Test(arguments: [
        "func long()", "init(a: Int = { 1 }())", "subscript(i: Int) -> Int", "func `long`<T>() where T: A",
    ])
    func function_over70Lines_isFound(_ head: String) {
        #expect(lines(Sizes.findings(in: source("\n" + function(lines: 71, head: head)))) == [2])
        #expect(Sizes.findings(in: source(function(lines: 70, head: head))).isEmpty)
    }

    @Test func nestedFunction_over70Lines_isFoundWithTheOneAroundIt() {
        let text = "struct A {\n    func outer() {\n" + function(lines: 71) + "    }\n}\n"
        #expect(lines(Sizes.findings(in: source(text))) == [2, 3])
    }

    @Test func requirementsAndCalls_areNoFunctionsWithABody() {
        let text = """
            protocol P {
                func a() async throws -> Int
                init(b: Int)
                var c: Int { get }
            }
            let d = A.init(1)
            struct E { func f() { self.init() } }
            """
        #expect(source(text).functions.map(\.name) == ["f"])
    }

    @Test func file_over500Lines_isFound() {
        #expect(lines(Sizes.findings(in: source(String(repeating: "\n", count: 501)))) == [1])
        #expect(Sizes.findings(in: source(String(repeating: "\n", count: 500))).isEmpty)
    }

    @Test func unbalancedBraces_areFound() {
        #expect(Sizes.findings(in: source("func a() {\n")).count == 1)
    }

    // MARK: safety

    @Test(arguments: [
        "let a = try! b()", "let a = b as! C", "let a = b!", "let a = b()!.c", "a[0]!", "let a: String! = nil",
        "\"\\(a!)\"",
        "fatalError(\"no\")", "preconditionFailure()", "a! = b", "let a = b?.c!",
    ])
    func trap_isFound(_ text: String) {
        #expect(Safety.findings(in: source(text)).count == 1, "\(text)")
        #expect(Safety.findings(in: source(text, at: "Sources/TestSupport/A.swift")).isEmpty)
    }

    @Test(arguments: [
        "a != b", "a!=b", "if !a {}", "f(!a)", "[!a]", "// b!", "\"b!\"", "try? a()", "a as? B", "x ? !a : b",
        "#if !DEBUG\n#endif",
    ])
    func harmlessExclamation_isNotFound(_ text: String) {
        #expect(Safety.findings(in: source(text)).isEmpty)
    }

    @Test(arguments: ["final class A: @unchecked Sendable {}", "nonisolated(unsafe) var a = 1"])
    func vouching_needsAWrapperAndAReason(_ text: String) {
        #expect(Safety.findings(in: source("// why\n" + text)).count == 1)
        #expect(Safety.findings(in: source(text, at: "Sources/Postgres/A.swift")).count == 1)
        #expect(Safety.findings(in: source("// why\n" + text, at: "Sources/Postgres/A.swift")).isEmpty)
        #expect(Safety.findings(in: source(text + " // why", at: "Sources/Postgres/A.swift")).isEmpty)
        #expect(Safety.findings(in: source("// why\n\n\n\n\n" + text, at: "Sources/Postgres/A.swift")).count == 1)
    }

    // MARK: documentation

    private func undocumented(_ text: String) -> [Finding] {
        let file = source(text)
        return Documentation.findings(in: file, requirements: Requirements([file]))
    }

    @Test func witnessOfOurOwnProtocol_isDescribedWhereItIsRequired() {
        let port = "protocol Port { /// Opens.\n func open() async throws\n var name: String { get } }\n"
        let conforming =
            port
            + "extension Door: Port {}\nextension Door {\n public func open() {}\n public var name: String { \"\" }\n}"
        #expect(undocumented(conforming).isEmpty)
        #expect(undocumented(conforming.replacing(": Port {}", with: " {}")).count == 2)
        #expect(undocumented(conforming.replacing("public func open", with: "public func close")).count == 1)
        #expect(undocumented(port + "public func open() {}").count == 1)
    }

    @Test func types_areReadWithTheirInheritance() {
        let text = """
            enum A<T: B>: C, D where T: E { struct F {} }
            extension A.F: G {}
            let h = i.class
            protocol J: AnyObject {}
            """
        let types = source(text).types
        #expect(types.map(\.name) == ["A", "F", "F", "J"])
        #expect(types[2].inherited == ["G"])
    }

    @Test(arguments: [
        "public struct A {}", "package func a() {}", "public static let a = 1", "@inlinable\npublic func a() {}",
        "@available(*, deprecated, message: \"(\") public func a() {}", "// not documentation\npublic var a: Int { 1 }",
        "public init?(a: Int) {}", "public init(a: Int) throws {}", "nonisolated public func a() {}",
        "public private(set) var a = 1", "public class func a() {}", "/// far away\n\npublic func a() {}",
    ])
    func undocumentedDeclaration_isFound(_ text: String) {
        #expect(undocumented(text).count == 1, "\(text)")
        let documented = "/// What it is.\n" + text.replacing("// not documentation\n", with: "")
        #expect(undocumented(documented.replacing("/// far away\n\n", with: "")).isEmpty)
    }

    @Test(arguments: [
        "struct A {}", "public extension A {}", "public import Foundation", "public init(a: Int) {}",
        "public static func == (a: A, b: A) -> Bool { true }", "public var description: String { \"\" }",
        "public func hash(into hasher: inout Hasher) {}", "public init(from decoder: any Decoder) throws {}",
        "/** What it is. */\npublic func a() {}", "let a = \"public func a()\"",
        "var a = A.open\nlet b = 1", "case .closed: state = .open\nfunc a() {}",
    ])
    func obviousDeclaration_isNotFound(_ text: String) {
        #expect(undocumented(text).isEmpty)
    }

    // MARK: leftovers

    @Test func marksOfUnfinishedWork_areFound() {
        for mark in Leftovers.marks {
            #expect(lines(Leftovers.findings(path: "a", text: "fine\n# \(mark): later")) == [2])
        }
        #expect(Leftovers.findings(path: "a", text: "mktemp fetch.XXXXXX\ntodos").isEmpty)
    }
}
