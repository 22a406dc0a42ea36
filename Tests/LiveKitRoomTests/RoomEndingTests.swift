import Domain
import LiveKitRoom
import TestSupport
import Testing

extension LiveKitRoomTests {
    @Suite(.serialized)
    struct RoomEndingTests {
        private func reason(_ log: EventLog, within timeout: Duration = .seconds(60)) async throws
            -> RoomDisconnectReason
        {
            try await log.first("the end", within: timeout) {
                if case .disconnected(let reason) = $0 { reason } else { nil }
            }
        }

        @Test
        func secondJoinWithOurIdentity_endsTheFirst() async throws {
            let room = try await RoomPair.join()
            let again = try await RoomFixture.connector(room.server.url)
                .connect(RoomFixture.join("ava", room: "r"), deadline: .seconds(60))
            #expect(try await reason(room.heardByAva) == .duplicateIdentity)
            try await RoomFixture.eventually { room.heardByAva.ended }
            #expect(room.heardByAva.all.last == .disconnected(.duplicateIdentity))
            await again.disconnect()
            try await room.leave()
        }

        @Test
        func removal_andDeletionOfTheRoom_endTheConnection() async throws {
            let room = try await RoomPair.join()
            try await ServerAPI.call(room.server, "RemoveParticipant", ["room": "r", "identity": "ava"])
            #expect(try await reason(room.heardByAva) == .participantRemoved)
            try await room.heardByBen.first("ava left") {
                if case .participantLeft(let p) = $0 { p.identity == "ava" } else { nil }
            }
            try await ServerAPI.call(room.server, "DeleteRoom", ["room": "r"])
            #expect(try await reason(room.heardByBen) == .roomDeleted)
            try await room.leave()
        }

        @Test
        func serverThatShutsDown_endsInGoodOrder() async throws {
            let room = try await RoomPair.join()
            await room.server.stop()
            #expect(try await reason(room.heardByAva) == .serverShutdown)
            #expect(try await reason(room.heardByBen) == .serverShutdown)
            try await room.leave()
        }

        @Test
        func brokenSignalling_isResumed_withoutAnyoneLeaving() async throws {
            let room = try await RoomPair.join()
            try await ServerAPI.faults(room.server, #"{"kill_signalling": {"identity": "ava", "room": "r"}}"#)
            try await room.heardByAva.first(.reconnecting)
            try await room.heardByAva.first(.reconnected)
            try await room.ava.setAttributes(["back": "yes"])
            try await RoomFixture.eventually { room.ben.remoteParticipants.first?.attributes == ["back": "yes"] }
            #expect(!room.heardByBen.all.contains { if case .participantLeft = $0 { true } else { false } })
            try await room.leave()
        }

        @Test
        func refusedResume_joinsFromTheStart() async throws {
            let room = try await RoomPair.join()
            let before = room.ava.localParticipant.sid
            try await ServerAPI.faults(
                room.server, #"{"refuse_resume": true, "kill_signalling": {"identity": "ava", "room": "r"}}"#)
            try await room.heardByAva.first(.reconnected)
            try await RoomFixture.eventually { room.ava.localParticipant.sid != before }
            try await RoomFixture.eventually {
                room.ben.remoteParticipants.map(\.sid) == [room.ava.localParticipant.sid]
                    && room.ava.remoteParticipants.map(\.identity) == ["ben"]
            }
            try await room.leave()
        }

        @Test
        func killedServer_thatComesBack_isJoinedAgainWithAllMethods() async throws {
            let room = try await RoomPair.join()
            try await room.ben.registerMethod("echo")
            await room.server.kill()
            try await room.heardByAva.first(.reconnecting)
            try await room.heardByBen.first(.reconnecting)
            try await room.server.restart()
            try await room.heardByAva.first(.reconnected)
            try await room.heardByBen.first(.reconnected)
            try await RoomFixture.eventually {
                room.ava.remoteParticipants.map(\.state) == [.active]
                    && room.ben.remoteParticipants.map(\.state) == [.active]
            }
            #expect(room.ava.remoteParticipants.map(\.sid) == [room.ben.localParticipant.sid])
            async let answer = room.ava.performRPC(
                method: "echo", payload: "hi", destination: "ben", timeout: .seconds(30))
            let call = try await room.heardByBen.first("the call") {
                if case .rpcInvoked(let call) = $0 { call } else { nil }
            }
            try room.ben.respond(to: call, with: .success("hi!"))
            #expect(try await answer == "hi!")
            try await room.leave()
        }

        @Test
        func killedServer_thatStaysAway_isConnectionLostAfterOurBound() async throws {
            let server = try await DevelopmentRoomServer.start()
            var configuration = LiveKitConfiguration(url: server.url)
            configuration.reconnectTimeout = .seconds(1)
            let connector = LiveKitConnector(core: try RoomFixture.core(), configuration: configuration) {
                try TokenMint.token($0)
            }
            let ava = try await connector.connect(RoomFixture.join("ava", room: "r"), deadline: .seconds(60))
            let heard = EventLog(ava)
            await server.kill()
            #expect(try await reason(heard) == .connectionLost)
            #expect(heard.all.filter { $0 == .reconnecting }.count == 1)
            await ava.disconnect()
            try await RoomFixture.eventually { try RoomFixture.core().liveHandleCount == 0 }
        }

        @Test
        func consumerThatFallsBehind_losesTheConnection_andNothingInTheMiddle() async throws {
            let server = try await DevelopmentRoomServer.start()
            let slow = try await RoomFixture.connector(server.url, maxPendingEvents: 8)
                .connect(RoomFixture.join("slow", room: "r"), deadline: .seconds(60))
            let ava = try await RoomFixture.connector(server.url)
                .connect(RoomFixture.join("ava", room: "r"), deadline: .seconds(60))
            try await RoomFixture.eventually { ava.remoteParticipants.map(\.state) == [.active] }
            for number in 0..<20 {
                try await ava.sendData([UInt8(number)], topic: "n", reliable: true, destinations: [])
            }
            try await RoomFixture.eventually { ava.remoteParticipants.isEmpty }
            var read: [RoomEvent] = []
            for await event in slow.events { read.append(event) }
            #expect(read.last == .disconnected(.connectionLost))
            let numbers = read.compactMap { if case .dataReceived(let data) = $0 { data.payload[0] } else { nil } }
            #expect(read.count == 10)
            #expect(!numbers.isEmpty && numbers == (0..<UInt8(numbers.count)).map { $0 })
            await ava.disconnect()
            await slow.disconnect()
            try await RoomFixture.eventually { try RoomFixture.core().liveHandleCount == 0 }
            await server.kill()
        }
    }
}
