import Domain
import LiveKitRoom
import TestSupport
import Testing

extension LiveKitRoomTests {
    /// Our agent and LiveKit's own SDK in one room.
    @Suite(.serialized)
    struct OfficialPeerTests {
        private struct Room {
            let server: DevelopmentRoomServer
            let ava: any RoomConnection
            let heard: EventLog
            let pat: OfficialPeer

            static func join() async throws -> Room {
                let server = try await DevelopmentRoomServer.start()
                let ava = try await RoomFixture.connector(server.url)
                    .connect(RoomFixture.join("ava", room: "r", name: "Ava"), deadline: .seconds(60))
                let heard = EventLog(ava)
                let pat = try await OfficialPeer.join(server, identity: "pat", room: "r")
                try await RoomFixture.eventually { ava.remoteParticipants.first?.state == .active }
                return Room(server: server, ava: ava, heard: heard, pat: pat)
            }

            func leave() async throws {
                try await pat.leave()
                try await heard.first("pat left") {
                    if case .participantLeft(let p) = $0 { p.identity == "pat" } else { nil }
                }
                await ava.disconnect()
                try await RoomFixture.eventually { try RoomFixture.core().liveHandleCount == 0 }
                await server.kill()
            }
        }

        @Test
        func rpc_worksBothWays_withItsErrors() async throws {
            let room = try await Room.join()
            try await room.ava.registerMethod("turn")
            async let answer = room.pat.ask("call", ["to": "ava", "method": "turn", "text": "start"])
            let call = try await room.heard.first("the call") {
                if case .rpcInvoked(let call) = $0 { call } else { nil }
            }
            #expect(call.caller == "pat" && call.payload == "start")
            #expect(call.responseTimeout > .seconds(1) && call.responseTimeout <= .seconds(10))
            try room.ava.respond(to: call, with: .success("epoch 1"))
            #expect(try await answer == "epoch 1")

            try await room.pat.ask("register", ["method": "notify"])
            #expect(
                try await room.ava.performRPC(
                    method: "notify", payload: "listening", destination: "pat", timeout: .seconds(30)) == "LISTENING")
            await #expect(throws: RPCError(code: 7, message: "no", data: "because")) {
                try await room.ava.performRPC(
                    method: "notify", payload: "fail", destination: "pat", timeout: .seconds(30))
            }
            try await room.leave()
        }

        @Test
        func rpcError_ofOurs_reachesTheCallerWhole() async throws {
            let room = try await Room.join()
            try await room.ava.registerMethod("turn")
            let failing = Task { try await room.pat.ask("call", ["to": "ava", "method": "turn", "text": "x"]) }
            let call = try await room.heard.first("the call") {
                if case .rpcInvoked(let call) = $0 { call } else { nil }
            }
            let error = RPCError(code: 2001, message: "stale epoch", data: #"{"epoch":3}"#)
            try room.ava.respond(to: call, with: .failure(error))
            await #expect(throws: error) { try await failing.value }
            let unknown = await #expect(throws: RPCError.self) {
                try await room.pat.ask("call", ["to": "ava", "method": "other", "text": "x"])
            }
            #expect(unknown?.isCode(.unsupportedMethod) == true)
            try await room.leave()
        }

        @Test
        func payloadOverTheLimit_toACallerOfVersionOne_is1402() async throws {
            let room = try await Room.join()
            let payload = String(repeating: "x", count: RPCLimits.payloadBytes + 1)
            let error = await #expect(throws: RPCError.self) {
                // The core takes an identity that it does not know for one.
                try await room.ava.performRPC(
                    method: "m", payload: payload, destination: "nobody", timeout: .seconds(30))
            }
            #expect(error?.isCode(.requestPayloadTooLarge) == true)
            try await room.leave()
        }

        @Test
        func callerThatIsAbsent_is1501() async throws {
            let room = try await Room.join()
            let error = await #expect(throws: RPCError.self) {
                try await room.ava.performRPC(method: "m", payload: "", destination: "nobody", timeout: .seconds(1))
            }
            #expect(error?.isCode(.connectionTimeout) == true)
            try await room.leave()
        }

        @Test
        func attributesDataAndText_goBothWays() async throws {
            let room = try await Room.join()
            try await room.ava.setAttributes(["lk.agent.state": "listening"])
            #expect(try await room.pat.event("attributes").text == #"{"lk.agent.state": "listening"}"#)
            try await room.pat.ask("attributes", ["text": #"{"held": "no"}"#])
            try await RoomFixture.eventually { room.ava.remoteParticipants.first?.attributes == ["held": "no"] }

            try await room.ava.sendData([1, 2, 255], topic: "t", reliable: true, destinations: ["pat"])
            let packet = try await room.pat.event("data")
            #expect(packet.text == "0102ff" && packet.who == "ava" && packet.topic == "t")
            try await room.pat.ask("data", ["text": "ff00"])
            try await room.heard.first(
                .dataReceived(RoomData(sender: "pat", topic: "t", payload: [255, 0], reliable: true)))

            try await room.ava.sendText("guten Tag", topic: "t", attributes: ["a": "b"], destinations: [])
            let text = try await room.pat.event("text")
            #expect(text.text == "guten Tag" && text.who == "ava" && text.attributes?["a"] == "b")
            try await room.pat.ask("text", ["text": "hallo"])
            let heard = try await room.heard.first("the text") { if case .textReceived(let t) = $0 { t } else { nil } }
            #expect(heard.text == "hallo" && heard.sender == "pat" && heard.attributes["k"] == "v")
            // A byte stream is let go, and its handle with it.
            try await room.pat.ask("bytes")
            try await room.leave()
        }

        @Test
        func audioPublications_areKeptWithTheirMute() async throws {
            let room = try await Room.join()
            let audio = { room.ava.remoteParticipants.first?.audio }
            let sid = try await room.pat.ask("publish")
            try await RoomFixture.eventually { audio() == [AudioPublication(trackSid: sid, name: "mic", muted: false)] }
            try await room.pat.ask("mute")
            try await RoomFixture.eventually { audio()?.first?.muted == true }
            try await room.pat.ask("unmute")
            try await RoomFixture.eventually { audio()?.first?.muted == false }
            // One who joins later is told of it at once.
            let late = try await RoomFixture.connector(room.server.url)
                .connect(RoomFixture.join("ben", room: "r"), deadline: .seconds(60))
            let seen = late.remoteParticipants.first { $0.identity == "pat" }
            #expect(seen?.audio.map(\.trackSid) == [sid] && seen?.kind == .standard)
            await late.disconnect()
            try await room.pat.ask("unpublish", ["text": sid])
            try await RoomFixture.eventually { audio() == [] }
            try await room.leave()
        }
    }
}
