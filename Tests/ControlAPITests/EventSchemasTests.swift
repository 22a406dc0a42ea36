import Domain
import Foundation
import Testing

@testable import ControlAPI

/// What happens, as streams and webhooks tell it.
struct EventSchemasTests {
    private static let session: Session = {
        var session = Session(
            id: SessionID(at: FakeSessions.start), spec: SessionSpec(room: "r", metadata: #"{"case":42}"#),
            createdAt: FakeSessions.start)
        session.participants = [RoomParticipant(identity: "alice", sid: "PA_1")]
        session.newWebhooks = [
            WebhookWithSecret(
                webhook: Webhook(
                    id: WebhookID(at: FakeSessions.start), spec: WebhookSpec(url: "https://a.example"),
                    sessionID: nil, createdAt: FakeSessions.start), secret: FakeWebhooks.secret(1))
        ]
        return session
    }()

    private static let id = session.id
    private static let later = FakeSessions.start + .seconds(9)
    private let schemas = EventSchemas(clock: FixedClock())

    private static func progress(_ status: SessionStatus) -> SessionNews {
        var session = session
        session.status = status
        session.activatedAt = FakeSessions.start
        session.agentSid = "PA_agent"
        session.roomSid = "RM_room"
        if status.isFinal {
            session.end = SessionEnd(status == .failed ? .runtimeLost : .deleted, detail: "d")
            session.endedAt = later
        }
        return .entry(.session(SessionProgress(of: session)))
    }

    private static let turnID = TurnID(at: FakeSessions.start)

    private static func turn(_ status: Turn.Status, _ outcome: Turn.Outcome? = nil) -> Turn {
        var turn = Turn(
            id: turnID, sessionID: id, epoch: 3, holder: "alice", startedAt: FakeSessions.start,
            startCause: .rpc, startActor: "alice")
        turn.status = status
        turn.outcome = outcome
        if status == .ended { (turn.endedAt, turn.endReason) = (later, .endTurn) }
        return turn
    }

    private static func occurrence(_ kind: SessionOccurrence.Kind) -> SessionNews {
        .entry(.occurrence(SessionOccurrence(sessionID: id, at: later, kind: kind)))
    }

    private static let receipt = NotificationReceipt(
        id: NotificationID(at: FakeSessions.start), sessionID: id, method: "m", trigger: .policy, agentStateSeq: 2,
        createdAt: FakeSessions.start, completedAt: later, recipients: FakeSessions.lines)

    private static let step = AgentStateTransition(
        sessionID: id, seq: 2, oldState: .idle, newState: .listening, at: later, cause: .api, actor: "dev",
        reason: "llm",
        turnID: turnID)

    private static let incident = Incident(
        sessionID: id, seq: 1, at: later, finding: .noFrames, participant: "alice", detail: "d", healed: true)

    private static let speech = Speech(id: SpeechID(at: FakeSessions.start), createdAt: FakeSessions.start)

    /// One piece of news of each type.
    private static let news: [(EventType, Timestamp, SessionNews)] = [
        (.sessionCreated, FakeSessions.start, .created(session)),
        (.sessionUpdated, FakeSessions.start, .updated(session)),
        (.sessionActive, FakeSessions.start, progress(.active)),
        (.sessionReconnecting, FakeSessions.start, progress(.reconnecting)), (.sessionEnded, later, progress(.ended)),
        (.sessionFailed, later, progress(.failed)), (.agentStateChanged, later, .entry(.transition(step))),
        (.participantJoined, later, occurrence(.participantJoined(session.participants[0]))),
        (.participantLeft, later, occurrence(.participantLeft(session.participants[0]))),
        (
            .gateChanged, later,
            occurrence(.gateChanged(ParticipantGate(identity: "alice", isOpen: true, reason: .turn)))
        ),
        (.turnStarted, FakeSessions.start, .entry(.turn(turn(.active)))),
        (.turnEnded, later, .entry(.turn(turn(.ended, .committed)))),
        (.turnCancelled, later, .entry(.turn(turn(.ended, .cancelled)))),
        (.turnNotificationCompleted, later, .entry(.notification(receipt))),
        (.rpcInvoked, FakeSessions.start + .microseconds(12_500), .entry(.invocation(FakeInvocations.line(id)))),
        (.speechStarted, later, occurrence(.speechStarted(speech))),
        (.speechEnded, later, occurrence(.speechEnded(speech))), (.incidentFound, later, .entry(.incident(incident))),
    ]

    private func draft(_ news: SessionNews) throws -> EventDraft {
        let drafts = schemas.events(of: news)
        #expect(drafts.count == 1)
        return try #require(drafts.first)
    }

    /// The event as a reader gets it.
    private static func envelope(_ draft: EventDraft) -> [UInt8] {
        JSONWriter.object { writer in
            writer.member("id", EventID(at: FakeSessions.start).description)
            writer.member("type", draft.type.rawValue)
            writer.member("session_id", id.description)
            writer.member("room", "r")
            writer.member("seq", 1)
            writer.member("at", draft.at.description)
            writer.member("trace_id", nil as String?)
            writer.key("data")
            writer.value(raw: draft.data)
        }
    }

    @Test func everyType_hasNewsHere() {
        #expect(Self.news.map(\.0).count == EventType.allCases.count)
        #expect(Set(Self.news.map(\.0)) == Set(EventType.allCases))
    }

    @Test(arguments: news)
    func event_isWhatTheContractSays(_ type: EventType, _ at: Timestamp, _ news: SessionNews) throws {
        let draft = try draft(news)
        #expect(draft.type == type)
        #expect(draft.at == at)
        #expect(!draft.data.contains(0x0A))
        let check = try SchemaCheck()
        let envelope = Self.envelope(draft)
        #expect(try check.findings(envelope, "Event") == [])
        let webhooks = try #require(check.document["webhooks"] as? [String: [String: [String: Any]]])
        let content = try #require(webhooks[type.rawValue]?["post"]?["requestBody"] as? [String: Any])
        let json = try #require((content["content"] as? [String: [String: Any]])?["application/json"])
        let schema = try #require(json["schema"] as? [String: Any])
        #expect(check.check(try JSONParser.parse(envelope), schema, at: "body") == [])
        #expect(!String(decoding: draft.data, as: UTF8.self).contains("whsec_"))
    }

    @Test func events_areWrittenAsTheAnswersAre() throws {
        #expect(try draft(.created(Self.session)).data == Self.session.json)
        #expect(try draft(.entry(.turn(Self.turn(.active)))).data == Self.turn(.active).json)
        #expect(try draft(.entry(.notification(Self.receipt))).data == Self.receipt.json)
        #expect(try draft(Self.occurrence(.speechEnded(Self.speech))).data == Self.speech.json)
        #expect(
            try draft(.entry(.invocation(FakeInvocations.line(Self.id)))).data == FakeInvocations.line(Self.id).json)
    }

    @Test func stepsBetween_areNoEvents() {
        var pending = Self.receipt
        pending.completedAt = nil
        for news in [
            Self.progress(.connecting), Self.progress(.ending), .entry(.turn(Self.turn(.ending))),
            .entry(.notification(pending)), .entry(.methodUsage(Self.id, [:])),
        ] as [SessionNews] {
            #expect(schemas.events(of: news).isEmpty)
        }
    }

    @Test func shape_ofProgress_isTheOneThatBurialsHave() throws {
        let text = String(decoding: try draft(Self.progress(.failed)).data, as: UTF8.self)
        #expect(
            text == """
                {"status":"failed","room_sid":"RM_room","agent_sid":"PA_agent",\
                "activated_at":"2026-11-22T10:31:07.123456Z","ended_at":"2026-11-22T10:31:16.123456Z",\
                "end_reason":"runtime_lost","end_detail":"d"}
                """)
    }

    // MARK: What is too large

    private func omitted(_ draft: EventDraft) throws -> [String] {
        #expect(draft.data.count <= EventData.maxBytes)
        #expect(try SchemaCheck().findings(Self.envelope(draft), "Event") == [])
        let json = try JSONSerialization.jsonObject(with: Data(draft.data)) as? [String: Any]
        return json?["omitted"] as? [String] ?? []
    }

    @Test func crowdedSession_comesWithoutItsParticipants() throws {
        var session = Self.session
        session.participants = (0..<3000).map { RoomParticipant(identity: "participant-\($0)", sid: "PA_\($0)") }
        #expect(try omitted(try draft(.updated(session))) == ["participants"])
        session.participants = Array(session.participants.prefix(1000))
        #expect(try omitted(try draft(.updated(session))) == [])
    }

    @Test func largestSession_fits() throws {
        var session = Self.session
        let escaped = String(repeating: "\u{1}", count: 16_384)
        session.participants = (0..<3000).map { RoomParticipant(identity: "participant-\($0)", sid: "PA_\($0)") }
        session.spec.metadata = #"{"a":"\#(String(repeating: "x", count: 16_300))"}"#
        session.spec.agent.metadata = escaped
        session.spec.agent.attributes = Dictionary(
            uniqueKeysWithValues: (0..<32).map { ("k\($0)", String(repeating: "\u{1}", count: 256)) })
        session.spec.labels = Dictionary(
            uniqueKeysWithValues: (0..<32).map { ("k\($0)", String(repeating: "😀", count: 255)) })
        session.spec.turnPolicy.notification.payload = String(escaped.prefix(15_360))
        #expect(try omitted(try draft(.created(session))) == ["participants", "metadata", "agent.metadata"])
    }

    @Test func longReceipt_comesWithoutTheAnswers() throws {
        var receipt = Self.receipt
        receipt.recipients = (0..<100).map {
            RecipientReceipt(
                identity: "p\($0)", outcome: .acknowledged, response: String(repeating: "x", count: 15_360))
        }
        #expect(try omitted(try draft(.entry(.notification(receipt)))) == ["recipients[].response"])
        receipt.recipients = (0..<5000).map {
            RecipientReceipt(
                identity: "participant-\($0)", outcome: .failed,
                error: RPCError(code: 7, message: "no", data: String(repeating: "x", count: 100)))
        }
        #expect(
            try omitted(try draft(.entry(.notification(receipt))))
                == ["recipients[].response", "recipients[].error.data", "recipients"])
    }

    @Test func largestInvocation_fitsWhole() throws {
        var line = FakeInvocations.line(Self.id)
        line.payload = String(repeating: "\u{1}", count: RPCLimits.payloadBytes)
        line.response = line.payload
        #expect(try omitted(try draft(.entry(.invocation(line)))) == [])
    }
}

/// The checker itself: one that finds nothing would prove nothing.
struct SchemaCheckTests {
    @Test(arguments: [
        (#"{"identity":"a","gate":"open","reason":"turn"}"#, [String]()),
        (#"{"identity":"a","gate":"ajar","reason":"turn"}"#, ["GateEventData.gate is none of its words"]),
        (#"{"gate":"open","reason":"turn"}"#, ["GateEventData.identity is missing"]),
        (#"{"identity":1,"gate":"open","reason":"turn"}"#, ["GateEventData.identity is a number, not [\"string\"]"]),
        (
            #"{"identity":"a","gate":"open","reason":"turn","more":1}"#,
            ["GateEventData.more is not in the contract"]
        ),
    ])
    func findings_areFound(_ json: String, _ wanted: [String]) throws {
        #expect(try SchemaCheck().findings(Array(json.utf8), "GateEventData") == wanted)
    }

    @Test(arguments: [
        ("RPCHandler", #"{"type":"queue","url":"https://a.example"}"#), ("RPCHandler", #"{"type":"grpc"}"#),
        ("AllowedCallers", #"{"identities":[]}"#), ("OutboundURL", #""ftp://a.example""#),
        ("WebhookSecret", #""whsec_AAAA""#), ("RPCInvocationAnswer", #"{"error":{"code":1001,"message":"m"}}"#),
        ("RPCInvocationAnswer", "{}"), ("EventSelection", #"["turn.ended","*"]"#),
        ("SecretRotation", #"{"overlap_s":-1}"#),
        ("WebhookCreate", "{}"), ("Webhook", "{}"), ("Event", #"{"type":"gate.changed","data":{}}"#),
    ])
    func whatTheContractRefuses_isRefused(_ schema: String, _ json: String) throws {
        #expect(try !SchemaCheck().findings(Array(json.utf8), schema).isEmpty)
    }
}
