import Domain
import LiveKitRoom
import TestSupport
import Testing

/// Two of our own connections in one room of the development server.
struct RoomPair {
    let server: DevelopmentRoomServer
    let ava: any RoomConnection
    let ben: any RoomConnection
    let heardByAva: EventLog
    let heardByBen: EventLog

    /// Both are joined and active to each other.
    static func join(_ arguments: [String] = []) async throws -> RoomPair {
        let server = try await DevelopmentRoomServer.start(arguments)
        let connector = try RoomFixture.connector(server.url)
        let ava = try await connector.connect(RoomFixture.join("ava", room: "r"), deadline: .seconds(60))
        let ben = try await connector.connect(RoomFixture.join("ben", room: "r"), deadline: .seconds(60))
        let pair = RoomPair(
            server: server, ava: ava, ben: ben, heardByAva: EventLog(ava), heardByBen: EventLog(ben))
        try await RoomFixture.eventually {
            ava.remoteParticipants.map(\.state) == [.active] && ben.remoteParticipants.map(\.state) == [.active]
        }
        return pair
    }

    /// Both leave, and every handle has been given back.
    func leave(sourceLocation: SourceLocation = #_sourceLocation) async throws {
        await ava.disconnect()
        await ben.disconnect()
        try await RoomFixture.eventually(
            { try RoomFixture.core().liveHandleCount == 0 }, "handles were left", sourceLocation: sourceLocation)
        await server.kill()
    }
}

extension LiveKitRoomTests {
    @Suite(.serialized)
    struct RoomTrafficTests {
        @Test
        func setters_changeWhatTheOthersSee() async throws {
            let room = try await RoomPair.join()
            try await room.ava.setAttributes(["a": "1", "b": "2"])
            try await room.ava.setAttributes(["a": "", "c": "3"])
            try await room.ava.setMetadata("about ava")
            try await room.ava.setName("Ava")
            let seen = { room.ben.remoteParticipants.first }
            try await RoomFixture.eventually {
                seen()?.attributes == ["b": "2", "c": "3"] && seen()?.name == "Ava" && seen()?.metadata == "about ava"
            }
            try await RoomFixture.eventually { room.ava.localParticipant.attributes == ["b": "2", "c": "3"] }
            #expect(
                room.heardByBen.all.contains {
                    if case .participantUpdated(let p) = $0 { p.attributes["a"] == "1" } else { false }
                })
            try await room.leave()
        }

        @Test
        func changeWithoutThePermission_isRefused() async throws {
            let server = try await DevelopmentRoomServer.start()
            let connector = LiveKitConnector(core: try RoomFixture.core(), configuration: .init(url: server.url)) {
                join in
                let video: [String: Any] = ["room": join.room, "roomJoin": true]
                return try TokenMint.token(identity: join.identity, room: join.room, claims: ["video": video])
            }
            let ava = try await connector.connect(RoomFixture.join("ava", room: "r"), deadline: .seconds(60))
            let error = await #expect(throws: RoomError.self) { try await ava.setAttributes(["a": "1"]) }
            #expect({ if case .refused = error { true } else { false } }(), "was \(String(describing: error))")
            #expect(ava.localParticipant.attributes == [:])
            await ava.disconnect()
            try await RoomFixture.eventually { try RoomFixture.core().liveHandleCount == 0 }
            await server.kill()
        }

        @Test
        func changesMadeAtOnce_doNotUndoEachOther() async throws {
            let room = try await RoomPair.join()
            for round in 0..<10 {
                async let metadata: Void = room.ava.setMetadata("metadata \(round)")
                async let attributes: Void = room.ava.setAttributes(["round": "\(round)"])
                async let name: Void = room.ava.setName("name \(round)")
                _ = try await (metadata, attributes, name)
                try await RoomFixture.eventually {
                    let ava = room.ben.remoteParticipants.first
                    return ava?.metadata == "metadata \(round)" && ava?.name == "name \(round)"
                        && ava?.attributes == ["round": "\(round)"]
                }
            }
            try await room.leave()
        }

        @Test
        func performRPC_returnsTheAnswer_andKeepsCallersDeadline() async throws {
            let room = try await RoomPair.join()
            try await room.ben.registerMethod("echo")
            async let answer = room.ava.performRPC(
                method: "echo", payload: "hi", destination: "ben", timeout: .seconds(12))
            let call = try await room.heardByBen.first("the call") {
                if case .rpcInvoked(let call) = $0 { call } else { nil }
            }
            #expect(call.method == "echo" && call.payload == "hi" && call.caller == "ava")
            #expect(call.responseTimeout == .seconds(5))
            try room.ben.respond(to: call, with: .success("hi!"))
            #expect(try await answer == "hi!")
            try room.ben.respond(to: call, with: .success("again"))
            try await room.leave()
        }

        @Test
        func answerThroughAnotherConnection_goesNowhere() async throws {
            let room = try await RoomPair.join()
            try await room.ben.registerMethod("echo")
            let cleo = try await RoomFixture.connector(room.server.url)
                .connect(RoomFixture.join("cleo", room: "r"), deadline: .seconds(60))
            try await cleo.registerMethod("echo")
            async let answer = room.ava.performRPC(
                method: "echo", payload: "", destination: "ben", timeout: .seconds(30))
            let call = try await room.heardByBen.first("the call") {
                if case .rpcInvoked(let call) = $0 { call } else { nil }
            }
            try cleo.respond(to: call, with: .success("cleo's"))
            try room.ben.respond(to: call, with: .success("ben's"))
            #expect(try await answer == "ben's")
            await cleo.disconnect()
            try await room.leave()
        }

        @Test
        func performRPC_ofAFailingMethod_keepsCodeMessageAndData() async throws {
            let room = try await RoomPair.join()
            try await room.ben.registerMethod("fail")
            let failing = Task {
                try await room.ava.performRPC(method: "fail", payload: "", destination: "ben", timeout: .seconds(30))
            }
            let call = try await room.heardByBen.first("the call") {
                if case .rpcInvoked(let call) = $0 { call } else { nil }
            }
            let error = RPCError(code: 42, message: String(repeating: "é", count: 200), data: #"{"why":"held"}"#)
            try room.ben.respond(to: call, with: .failure(error))
            let expected = RPCError(code: 42, message: String(repeating: "é", count: 128), data: error.data)
            await #expect(throws: expected) { try await failing.value }
            try await room.leave()
        }

        @Test
        func performRPC_ofAnUnknownOrUnregisteredMethod_is1400() async throws {
            let room = try await RoomPair.join()
            let ask = {
                try await room.ava.performRPC(method: "m", payload: "", destination: "ben", timeout: .seconds(30))
            }
            let unknown = await #expect(throws: RPCError.self) { try await ask() }
            #expect(unknown?.isCode(.unsupportedMethod) == true)
            try await room.ben.registerMethod("m")
            try await room.ben.unregisterMethod("m")
            let gone = await #expect(throws: RPCError.self) { try await ask() }
            #expect(gone?.isCode(.unsupportedMethod) == true)
            try await room.leave()
        }

        @Test
        func performRPC_whenCancelled_returnsAtOnce() async throws {
            let room = try await RoomPair.join()
            try await room.ben.registerMethod("slow")
            let call = Task {
                try await room.ava.performRPC(method: "slow", payload: "", destination: "ben", timeout: .seconds(60))
            }
            try await room.heardByBen.first("the call") { if case .rpcInvoked = $0 { true } else { nil } }
            call.cancel()
            await #expect(throws: RPCError(.responseTimeout)) { try await call.value }
            try await room.leave()
        }

        @Test
        func performRPC_whenTheConnectionEnds_isOver() async throws {
            let room = try await RoomPair.join()
            try await room.ben.registerMethod("slow")
            let call = Task {
                try await room.ava.performRPC(method: "slow", payload: "", destination: "ben", timeout: .seconds(60))
            }
            try await room.heardByBen.first("the call") { if case .rpcInvoked = $0 { true } else { nil } }
            await room.ava.disconnect()
            let over = await #expect(throws: RPCError.self) { try await call.value }
            #expect(over?.isCode(.sendFailed) == true)
            await #expect(throws: RoomError.disconnected) { try await room.ava.setName("x") }
            try await room.leave()
        }

        @Test
        func performRPC_withoutAnAnswer_is1502AfterItsTimeout() async throws {
            let room = try await RoomPair.join()
            try await room.ben.registerMethod("mute")
            let error = await #expect(throws: RPCError.self) {
                try await room.ava.performRPC(method: "mute", payload: "", destination: "ben", timeout: .seconds(1))
            }
            #expect(error?.isCode(.responseTimeout) == true)
            try await room.leave()
        }

        @Test
        func dataPackets_reachTheirDestinations() async throws {
            let room = try await RoomPair.join()
            let bytes = (0..<10_000).map { UInt8(truncatingIfNeeded: $0) }
            try await room.ava.sendData(bytes, topic: "t", reliable: true, destinations: ["ben"])
            try await room.ava.sendData([], topic: "empty", reliable: true, destinations: [])
            try await room.heardByBen.first(
                .dataReceived(RoomData(sender: "ava", topic: "t", payload: bytes, reliable: true)))
            try await room.heardByBen.first(
                .dataReceived(RoomData(sender: "ava", topic: "empty", payload: [], reliable: true)))
            try await room.leave()
        }

        @Test
        func textStreams_arriveWhole_andTooLongOnesNotAtAll() async throws {
            let room = try await RoomPair.join()
            let long = String(repeating: "grüße ", count: 20_000)
            try await room.ava.sendText(long, topic: "lk.chat", attributes: ["k": "v"], destinations: [])
            try await room.ava.sendText(
                String(repeating: "x", count: 3 << 20), topic: "big", attributes: [:], destinations: [])
            try await room.ava.sendText("end", topic: "end", attributes: [:], destinations: ["ben"])
            let text = try await room.heardByBen.first("the text") {
                if case .textReceived(let t) = $0, t.topic == "lk.chat" { t } else { nil }
            }
            #expect(text.text == long && text.sender == "ava" && text.attributes["k"] == "v")
            try await room.heardByBen.first("the end") {
                if case .textReceived(let t) = $0, t.topic == "end" { true } else { nil }
            }
            #expect(
                !room.heardByBen.all.contains { if case .textReceived(let t) = $0 { t.topic == "big" } else { false } })
            try await room.leave()
        }
    }
}
