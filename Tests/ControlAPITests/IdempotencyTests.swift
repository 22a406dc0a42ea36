import Domain
import HTTPServer
import Security
import Synchronization
import Testing

@testable import ControlAPI

struct IdempotencyTests {
    private let log: FakeIdempotencyLog
    private let harness: APIHarness

    init() throws {
        let log = FakeIdempotencyLog()
        self.log = log
        harness = try APIHarness { $0.idempotency = Idempotency(log: log, sha256: { SHA256.hash($0) }) }
    }

    private func make(
        _ body: String = #"{"room":"r"}"#, key: String = "k1", query: String = "",
        authorization: String = "Bearer dev-key"
    ) async throws -> Answer {
        try await harness.send(
            .post, "/v1/sessions\(query)", body, headers: ["Idempotency-Key": key], authorization: authorization)
    }

    @Test func repeats_getTheFirstAnswer_andChangeNothing() async throws {
        let first = try await make()
        #expect(first.status == 201 && first.response.headers["Idempotent-Replayed"] == nil)
        harness.sessions.configure { $0.failure = .shuttingDown }
        for _ in 0..<3 {
            let again = try await make()
            #expect(again.status == 201 && again.bytes == first.bytes)
            #expect(try again.header("Idempotent-Replayed") == "true")
            #expect(try again.header("Location") == first.header("Location"))
            #expect(try again.header("Content-Type") == "application/json")
            #expect(try again.header("X-Request-Id") != first.header("X-Request-Id"))
        }
    }

    @Test func anotherCallWithTheKey_is422() async throws {
        _ = try await make()
        for answer in [
            try await make(#"{"room":"r" }"#), try await make(query: "?wait_ms=0"),
            try await harness.send(
                .post, "/v1/sessions", #"{"room":"r"}"#,
                headers: ["Idempotency-Key": "k1", "Content-Type": "application/json; charset=utf-8"]),
        ] {
            #expect(answer.status == 422)
            #expect(try answer.json()["type"] as? String == "/problems/idempotency-key-reused")
        }
    }

    @Test func callersDoNotMeet() async throws {
        _ = try await make()
        #expect(try await make(#"{"room":"s"}"#, authorization: "Bearer writer").status == 201)
        let owners = [
            nil, Caller(name: "a", scope: .admin), Caller(name: "a", scope: .admin, room: "r"),
            Caller(name: "ra", scope: .admin, room: ""), Caller(name: "a", scope: .admin, room: "s"),
        ].map { IdempotencyKey.owner($0, { SHA256.hash($0) }) }
        #expect(Set(owners).count == 5 && owners.allSatisfy { $0.utf8.count <= 128 })
    }

    @Test func whileTheFirstRuns_repeatsAre409_andShallComeBack() async throws {
        log.die(having: nil)
        let claim = IdempotencyRequest(
            caller: "key:dev", key: "k1",
            fingerprint: Fingerprint.of(
                HTTPRequest(
                    method: .post, target: try #require(HTTPTarget("/v1/sessions")),
                    headers: ["Content-Type": "application/json"], body: Array(#"{"room":"r"}"#.utf8)),
                { SHA256.hash($0) }))
        _ = try await log.claim(claim)
        let answer = try await make()
        #expect(answer.status == 409)
        #expect(try answer.json()["type"] as? String == "/problems/idempotency-key-in-use")
        #expect(try answer.header("Retry-After") == "1")
    }

    @Test(arguments: ["", " ", "a b", "ä", "a\tb", String(repeating: "x", count: 256)])
    func keysThatAreNone_are400(_ key: String) async throws {
        let answer = try await make(key: key)
        #expect(answer.status == 400)
        #expect(try answer.fields() == ["Idempotency-Key"])
        #expect(harness.sessions.lastCall == nil)
    }

    @Test func twoKeys_are400_andTheLongestIsTaken() async throws {
        let two: HTTPHeaders = [
            "Authorization": "Bearer dev-key", "Content-Type": "application/json", "Idempotency-Key": "a",
            "idempotency-key": "a",
        ]
        let answer = try await harness.send(.post, "/v1/sessions", bytes: Array(#"{"room":"r"}"#.utf8), headers: two)
        #expect(answer.status == 400)
        #expect(try answer.fields() == ["Idempotency-Key"])
        #expect(try await make(key: String(repeating: "~", count: 255)).status == 201)
    }

    @Test func onOtherMethods_theKeyIsIgnored() async throws {
        let path = try await harness.session()
        for _ in 0..<2 {
            #expect(try await harness.send(.get, path, headers: ["Idempotency-Key": "bad key"]).status == 200)
        }
        #expect(log.entries.isEmpty)
    }

    @Test func whatPasses_isTriedAgain_andWhatStandsIsKept() async throws {
        harness.sessions.configure { $0.failure = .storeUnavailable(detail: "away") }
        #expect(try await make().status == 503)
        #expect(log.entries.isEmpty)
        harness.sessions.configure { $0.failure = .conflict(.tooManySessions(limit: 1)) }
        #expect(try await make().status == 409)
        #expect(log.entries.isEmpty)
        harness.sessions.configure { $0.failure = .conflict(.rpcMethodTaken(name: "a")) }
        #expect(try await make().status == 409)
        harness.sessions.configure { $0.failure = nil }
        let again = try await make()
        #expect(again.status == 409)
        #expect(try again.header("Idempotent-Replayed") == "true")
    }

    @Test func whatIsNotThereYet_isLookedForAgain() async throws {
        let path = try await harness.session()
        func notify() async throws -> Answer {
            try await harness.send(.post, "\(path)/turn-notifications", "{}", headers: ["Idempotency-Key": "k2"])
        }
        for failure in [TurngateError.notFound(.session), .conflict(.turn(.noFloor))] {
            harness.sessions.configure { $0.failure = failure }
            #expect([404, 409].contains(try await notify().status))
            #expect(log.entries.isEmpty)
        }
        harness.sessions.configure { $0.failure = nil }
        let made = try await notify()
        #expect(made.status == 201 && made.response.headers["Idempotent-Replayed"] == nil)
        #expect(try await notify().header("Idempotent-Replayed") == "true")
    }

    @Test func unauthenticated_claimsNothing() async throws {
        #expect(try await make(authorization: "Bearer wrong").status == 401)
        #expect(try await make(authorization: "Bearer reader").status == 403)
        #expect(log.entries.isEmpty)
    }

    @Test func whatADeadProcessHadMade_isAnsweredAsItStands() async throws {
        let first = try await make()
        let id = try #require(SessionID(try first.json()["id"] as? String ?? ""))
        log.die(having: .session(id))
        _ = try await harness.send(.delete, "/v1/sessions/\(id)")
        let again = try await make()
        #expect(again.status == 201)
        #expect(try again.json()["id"] as? String == id.description)
        #expect(try again.json()["status"] as? String == "ended")
        #expect(try again.header("Location") == "/v1/sessions/\(id)")
        #expect(try again.header("Idempotent-Replayed") == "true")
        #expect(log.entries.map(\.reply?.body) == [again.bytes])
    }

    @Test func webhookOfADeadProcess_getsOneNewSecret_whichAllRepeatsSee() async throws {
        func make() async throws -> Answer {
            try await harness.send(
                .post, "/v1/webhooks", #"{"url":"https://a.example"}"#, headers: ["Idempotency-Key": "k1"])
        }
        let id = try #require(WebhookID(try await make().json()["id"] as? String ?? ""))
        log.die(having: .webhook(id))
        harness.webhooks.configure { $0.failure = .storeUnavailable(detail: "away") }
        #expect(try await make().status == 503)
        harness.webhooks.configure { $0.failure = nil }
        let again = try await make()
        #expect(again.status == 201)
        #expect(try again.json()["secret"] as? String == FakeWebhooks.secret(2))
        for _ in 0..<3 { #expect(try await make().bytes == again.bytes) }
        #expect(harness.webhooks.read { $0.secrets } == 2)
    }

    @Test func rotationOfADeadProcess_keepsWhatSignedBeside_andIsAnsweredOnce() async throws {
        let made = try await harness.send(.post, "/v1/webhooks", #"{"url":"https://a.example"}"#)
        let id = try #require(WebhookID(try made.json()["id"] as? String ?? ""))
        func rotate() async throws -> Answer {
            try await harness.send(
                .post, "/v1/webhooks/\(id)/rotate-secret", #"{"overlap_s":60}"#, headers: ["Idempotency-Key": "k1"])
        }
        let first = try await rotate()
        log.die(having: .secret(of: id))
        let again = try await rotate()
        #expect(first.status == 200 && again.status == 200)
        #expect(harness.webhooks.read { $0.overlap } == nil)
        #expect(try again.json()["secret"] as? String == FakeWebhooks.secret(3))
        let until = try first.json()["previous_secret_expires_at"] as? String
        #expect(try until != nil && again.json()["previous_secret_expires_at"] as? String == until)
        #expect(try await rotate().bytes == again.bytes)
        let claims = harness.webhooks.read { $0.claims }
        #expect(claims.count == 3 && claims[1] != nil && claims[2] != nil && claims[1] != claims[2])
    }

    @Test func defaultMethodOfADeadProcess_isShownAsItStands() async throws {
        func add() async throws -> Answer {
            try await harness.send(
                .post, "/v1/rpc-methods", #"{"name":"a","handler":{"type":"echo"}}"#,
                headers: ["Idempotency-Key": "k1"])
        }
        let first = try await add()
        log.die(having: .defaultMethod("a"))
        let again = try await add()
        #expect(again.status == 201 && again.bytes == first.bytes)
        #expect(try again.header("Location") == "/v1/rpc-methods/a")
    }

    @Test func answersBeyondSixteenMebibytes_areNotKept_andTheCallIsNotMadeAgain() async throws {
        func stored(_ bytes: Int) -> StoredReply {
            StoredReply(
                HTTPResponse(status: 200, body: .bytes([UInt8](repeating: 32, count: bytes))),
                bodyDigest: [UInt8](repeating: 1, count: 32))
        }
        let whole = stored(16 << 20)
        #expect(whole.status == 200 && whole.body.count == 16 << 20 && !whole.isTooLarge)
        let reply = stored(16 << 20 + 1)
        #expect(reply.isTooLarge && reply.status == 200 && reply.body.isEmpty && reply.bodyDigest == whole.bodyDigest)
        _ = try await make()
        let calls = harness.sessions.callCount
        try await log.complete(try #require(log.entries.first?.claim), with: reply)
        for _ in 0..<2 {
            let again = try await make()
            #expect(again.status == 409 && again.response.headers["Idempotent-Replayed"] == nil)
            let problem = try again.json()
            #expect(problem["type"] as? String == "/problems/idempotency-reply-too-large")
            #expect(problem["instance"] as? String == "/v1/sessions" && problem["reply_status"] as? Int == 200)
            #expect(try problem["request_id"] as? String == again.header("X-Request-Id"))
        }
        #expect(try await make(#"{"room":"other"}"#).status == 422)
        #expect(harness.sessions.callCount == calls)
    }

    // MARK: streamed bodies

    private func speak(
        _ pieces: [[UInt8]], on path: String, error: HTTPBodyError? = nil
    ) async throws -> (answer: Answer, unread: Int) {
        let rest = Mutex(pieces)
        var request = HTTPRequest(
            method: .post, target: try #require(HTTPTarget("\(path)/speech?wait_ms=0")),
            headers: [
                "Authorization": "Bearer dev-key", "Content-Type": "audio/wav", "Idempotency-Key": "s1",
            ])
        request.bodyStream = HTTPRequestBody { () async throws(HTTPBodyError) in
            let piece = rest.withLock { $0.isEmpty ? nil : $0.removeFirst() }
            if piece == nil, let error { throw error }
            return piece
        }
        let answer = Answer(await harness.api.respond(to: request))
        return (answer, rest.withLock { $0.count })
    }

    private static func cut(_ bytes: [UInt8], every size: Int) -> [[UInt8]] {
        stride(from: 0, to: bytes.count, by: size).map { Array(bytes[$0..<min($0 + size, bytes.count)]) }
    }

    @Test func aSpeech_isComparedByItsSound_howeverItIsCut() async throws {
        let path = try await harness.session()
        let sound = Sound.wav(Sound.tone(milliseconds: 900))
        let first = try await speak(Self.cut(sound, every: 60_000), on: path)
        #expect([201, 202].contains(first.answer.status), "\(first.answer.text)")
        let again = try await speak(Self.cut(sound, every: 777), on: path)
        #expect(again.answer.bytes == first.answer.bytes && again.unread == 0)
        #expect(try again.answer.header("Idempotent-Replayed") == "true")
        #expect(again.answer.response.headers[":body-sha256"] == nil)
        var other = sound
        other[other.count - 1] ^= 1
        let changed = try await speak(Self.cut(other, every: 777), on: path)
        #expect(changed.answer.status == 422 && changed.unread == 0)
    }

    @Test func aSpeechThatBrokeOff_mayBeSentAgain() async throws {
        let path = try await harness.session()
        let sound = Sound.wav(Sound.tone(milliseconds: 100))
        let broken = try await speak([Array(sound.prefix(2000))], on: path, error: .clientGone)
        #expect(broken.answer.status == 400)
        #expect(log.entries.isEmpty)
        #expect([201, 202].contains(try await speak([sound], on: path).answer.status))
    }

    @Test func aRefusalBeforeTheWholeBodyWasRead_isNotAnotherBodysAnswer() async throws {
        let path = try await harness.session()
        let noise = [UInt8](repeating: 7, count: 200_000)
        let refused = try await speak(Self.cut(noise, every: 1000), on: path)
        #expect(refused.answer.status == 400 && refused.unread > 0)
        #expect(log.entries.isEmpty)
        let sound = Sound.wav(Sound.tone(milliseconds: 100))
        #expect([201, 202].contains(try await speak([sound], on: path).answer.status))
    }

    @Test func fingerprints_tellEveryPartApart() throws {
        func print(_ method: HTTPMethod, _ target: String, _ type: String?, _ body: String) throws -> [UInt8] {
            var request = HTTPRequest(method: method, target: try #require(HTTPTarget(target)), body: Array(body.utf8))
            if let type { request.headers.add("Content-Type", type) }
            return Fingerprint.of(request, { SHA256.hash($0) })
        }
        let all = try [
            print(.post, "/a", nil, ""), print(.post, "/a?b", nil, ""), print(.post, "/a%3Fb", nil, ""),
            print(.post, "/a", "b", ""), print(.post, "/a", nil, "b"), print(.put, "/a", nil, ""),
            print(.post, "/a", nil, String(repeating: "x", count: 65_536)),
            print(.post, "/a", nil, String(repeating: "x", count: 200_000)),
        ]
        #expect(Set(all).count == all.count && all.allSatisfy { $0.count == 32 })
        #expect(try print(.post, "/a?b", "c", "d") == print(.post, "/a?b", "c", "d"))
    }
}
