import Domain
import HTTPServer
import Testing

@testable import ControlAPI

/// Every operation of `openapi.yaml` against every kind of credential.
struct CredentialTests {
    private let harness: APIHarness
    private let elsewhere: String
    private let here: String

    init() async throws {
        harness = try APIHarness(keys: Credentials())
        elsewhere = try await harness.session(#"{"room":"elsewhere"}"#)
        here = try await harness.session(#"{"room":"here"}"#)
    }

    private static let verbs: Set = ["get", "post", "put", "patch", "delete"]

    /// The operations of the contract: `GET /v1/sessions`, with whether it says to be open.
    private static func operations() throws -> [(name: String, isOpen: Bool)] {
        let paths = try #require(try Contract.document()["paths"] as? [String: [String: Any]])
        return paths.flatMap { path, item in
            item.filter { verbs.contains($0.key) }.map { verb, operation in
                let security = (operation as? [String: Any])?["security"] as? [Any]
                return (name: "\(verb.uppercased()) \(path)", isOpen: security?.isEmpty == true)
            }
        }
    }

    private static func rows() throws -> [CredentialRow] {
        let names = Set(try operations().map(\.name))
        return CredentialRow.all.filter { names.contains($0.operation) }
    }

    private func ask(_ row: CredentialRow, _ credential: String?, session: String) async throws -> Answer {
        let parts = row.operation.split(separator: " ")
        let path = parts[1].replacing("/v1/sessions/{session}", with: session).split(separator: "/")
            .map { $0.hasPrefix("{") ? "x" : $0 }.joined(separator: "/")
        return try await harness.send(
            HTTPMethod(rawValue: String(parts[0])), "/" + path, authorization: credential.map { "Bearer \($0)" } ?? "")
    }

    @Test func everyOperation_hasItsRow_andTheCodeAgreesWithIt() throws {
        let operations = try Self.operations()
        let rows = Dictionary(grouping: CredentialRow.all, by: \.operation)
        #expect(rows.values.allSatisfy { $0.count == 1 })
        for (name, isOpen) in operations {
            let row = try #require(rows[name]?.first, "\(name) has no row in CredentialRow")
            #expect(isOpen == (row.scope == nil), "\(name): `security` of the contract")
        }
        for endpoint in harness.api.allEndpoints {
            let row = rows["\(endpoint.method.rawValue) \(endpoint.pattern)"]?.first
            #expect(endpoint.scope == row?.scope && endpoint.reach == row?.reach, "\(endpoint.pattern)")
        }
    }

    @Test func credentialsThatAreNone_are401_everywhere() async throws {
        let bad: [(String, String?, String?)] = [
            ("no key", nil, nil), ("bad key", "wrong", "invalid_token"),
            ("expired token", try Credentials.token(offset: .seconds(-7200)), "The token has expired."),
            ("early token", try Credentials.token(offset: .seconds(60)), "The token is not valid yet."),
            ("unsigned token", try Credentials.unsigned(), "invalid_token"),
            ("alg: none", try Credentials.algorithmNone(signed: false), "invalid_token"),
            ("alg: none, signed", try Credentials.algorithmNone(signed: true), "invalid_token"),
            ("another secret", try Credentials.token(secret: "not-the-secret-of-this-service"), "invalid_token"),
            ("another API key", try Credentials.token(apiKey: "other"), "invalid_token"),
        ]
        for row in try Self.rows() where row.scope != nil {
            for (what, credential, word) in bad {
                for session in [elsewhere, here] {
                    let answer = try await ask(row, credential, session: session)
                    #expect(answer.status == 401, "\(row.operation), \(what)")
                    let challenge = try answer.header("WWW-Authenticate")
                    #expect(challenge.hasPrefix("Bearer realm=\"turngate\""), "\(row.operation), \(what)")
                    #expect(word.map { challenge.contains($0) } ?? true, "\(row.operation), \(what): \(challenge)")
                }
            }
        }
    }

    @Test func openOperations_takeEverybody() async throws {
        for row in try Self.rows() where row.scope == nil {
            let answer = try await ask(row, nil, session: here)
            for credential in ["wrong", try Credentials.token(offset: .seconds(-7200)), try Credentials.unsigned()] {
                #expect(try await ask(row, credential, session: here).status == answer.status, "\(row.operation)")
            }
            #expect(![401, 403].contains(answer.status), "\(row.operation)")
        }
    }

    @Test func aScopeThatIsTooSmall_is403_everywhere() async throws {
        let keys: [(Caller.Scope, String)] = [(.read, "reader"), (.write, "writer"), (.admin, "dev-key")]
        let powerless = [try Credentials.token(admin: false), try Credentials.token(nil)]
        for row in try Self.rows() {
            guard let scope = row.scope else { continue }
            for (held, key) in keys where held < scope {
                let answer = try await ask(row, key, session: here)
                #expect(answer.status == 403, "\(row.operation) with \(key)")
                #expect(try answer.json()["required_scope"] as? String == "\(scope)", "\(row.operation)")
            }
            for token in powerless {
                let answer = try await ask(row, token, session: here)
                #expect(answer.status == 403, "\(row.operation) with a powerless token")
                #expect(try answer.header("WWW-Authenticate").contains("insufficient_scope"))
            }
        }
        // The other way round: the keys that suffice are let through.
        for row in try Self.rows() {
            guard let scope = row.scope else { continue }
            for (held, key) in keys where held >= scope {
                #expect(![401, 403].contains(try await ask(row, key, session: elsewhere).status), "\(row.operation)")
            }
        }
    }

    @Test func anotherRoomsToken_findsNothing_andChangesNothing() async throws {
        let token = try Credentials.token()
        for row in try Self.rows() {
            let before = harness.sessions.callCount
            let answer = try await ask(row, token, session: elsewhere)
            switch row.reach {
            case .open: #expect(![401, 403].contains(answer.status), "\(row.operation)")
            case .session:
                #expect(answer.status == 404, "\(row.operation)")
                #expect(try answer.json()["type"] as? String == "/problems/session-not-found", "\(row.operation)")
                #expect(harness.sessions.callCount == before, "\(row.operation)")
            case .service: #expect(answer.status == 403, "\(row.operation)")
            case .rooms: #expect(answer.status != 401 && answer.status != 403, "\(row.operation)")
            }
            guard row.reach == .session else { continue }
            #expect(![401, 403].contains(try await ask(row, token, session: here).status), "\(row.operation)")
        }
    }

    /// Swift's strings hold the two spellings of a name for the same; the room
    /// server and the store do not.
    @Test(arguments: [("caf\u{E9}", "cafe\u{301}"), ("cafe\u{301}", "caf\u{E9}")])
    func aTokenForARoomOfAnotherSpelling_isAnotherRoomsToken(own: String, other: String) async throws {
        let token = try Credentials.token(own), field = "Bearer \(token)"
        let session = try await harness.session(#"{"room":"\#(other)"}"#)
        for row in try Self.rows() where row.reach == .session {
            let before = harness.sessions.callCount
            #expect(try await ask(row, token, session: session).status == 404, "\(row.operation)")
            #expect(harness.sessions.callCount == before, "\(row.operation)")
        }
        let body = #"{"room":"\#(other)","agent":{"identity":"second"}}"#
        #expect(try await harness.send(.post, "/v1/sessions", body, authorization: field).status == 403)
        let target = "/v1/sessions?room=" + other.utf8.map { "%" + String($0, radix: 16) }.joined()
        #expect(try await harness.send(.get, target, authorization: field).status == 403)
        let same = try await harness.session(#"{"room":"\#(own)","agent":{"identity":"third"}}"#)
        #expect(try await harness.send(.get, same, authorization: field).status == 200)
    }

    @Test func queriesOfAddresses_areForTheServicesAdminsAlone() async throws {
        let url = "https://shop.example/rpc?key=s3cret"
        let method = #"{"name":"m","handler":{"type":"webhook","url":"\#(url)"}}"#
        let hook = try await harness.send(.post, "/v1/webhooks", #"{"url":"\#(url)"}"#).header("Location")
        for path in ["/v1/rpc-methods", "\(here)/rpc-methods"] {
            #expect(try await harness.send(.post, path, method).text.contains(url))
        }
        let own = ["\(here)/rpc-methods", "\(here)/rpc-methods/m"]
        let service = ["/v1/rpc-methods", "/v1/rpc-methods/m", "/v1/webhooks", hook]
        for (credential, paths) in [
            ("reader", own + service), ("writer", own + service), (try Credentials.token(), own),
        ] {
            for path in paths {
                let text = try await harness.send(.get, path, authorization: "Bearer \(credential)").text
                #expect(text.contains("https://shop.example/rpc?********\"") && !text.contains("s3cret"), "\(path)")
            }
        }
        for path in own + service { #expect(try await harness.send(.get, path).text.contains(url), "\(path)") }
        let put = try await harness.send(
            .put, own[1], #"{"handler":{"type":"webhook","url":"\#(url)"}}"#, authorization: "Bearer writer")
        #expect(put.status == 200 && !put.text.contains("s3cret"))
    }

    @Test func lists_showTheTokensRoomAlone() async throws {
        let field = "Bearer \(try Credentials.token())"
        let list = try await harness.send(.get, "/v1/sessions", authorization: field)
        let rooms = (try list.json()["data"] as? [[String: Any]])?.compactMap { $0["room"] as? String }
        #expect(rooms == ["here"])
        _ = try await harness.send(.get, "/v1/agent-states", authorization: field)
        #expect(harness.history.lastQuery?.room == "here")
        for path in ["/v1/sessions", "/v1/agent-states"] {
            #expect(try await harness.send(.get, "\(path)?room=here", authorization: field).status == 200)
            let answer = try await harness.send(.get, "\(path)?room=elsewhere", authorization: field)
            #expect(answer.status == 403)
            #expect(try answer.fields() == ["room"])
        }
        let made = try await harness.send(.post, "/v1/sessions", #"{"room":"elsewhere"}"#, authorization: field)
        #expect(made.status == 403)
        #expect(try made.fields() == ["room"])
        let own = #"{"room":"here","agent":{"identity":"second"}}"#
        #expect(try await harness.send(.post, "/v1/sessions", own, authorization: field).status == 201)
        guard case .create(_, let actor, _) = harness.sessions.lastCall else {
            Issue.record("create was not called")
            return
        }
        #expect(actor == "web")
    }
}
