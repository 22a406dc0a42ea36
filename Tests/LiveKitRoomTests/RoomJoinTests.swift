import Domain
import LiveKitRoom
import TestSupport
import Testing

extension LiveKitRoomTests {
    @Suite(.serialized)
    struct RoomJoinTests {
        @Test
        func twoAgents_joinOneRoom_seeEachOtherAndLeave() async throws {
            let server = try await DevelopmentRoomServer.start()
            let connector = try RoomFixture.connector(server.url)
            let ava = try await connector.connect(
                RoomFixture.join("ava", room: "r", name: "Ava", metadata: "m", attributes: ["k": "v"]),
                deadline: .seconds(60))
            let heardByAva = EventLog(ava)
            #expect(ava.localParticipant.identity == "ava")
            #expect(ava.localParticipant.kind == .agent)
            #expect(ava.localParticipant.attributes == ["k": "v"])
            let ben = try await connector.connect(RoomFixture.join("ben", room: "r"), deadline: .seconds(60))
            let heardByBen = EventLog(ben)
            try await heardByAva.first("ben joined") {
                if case .participantJoined(let p) = $0, p.identity == "ben" { true } else { nil }
            }
            let seen = try await heardByBen.first("ava joined") {
                if case .participantJoined(let p) = $0 { p } else { nil }
            }
            #expect(seen.name == "Ava" && seen.metadata == "m" && seen.attributes == ["k": "v"])
            try await RoomFixture.eventually { ava.remoteParticipants.map(\.state) == [.active] }
            try await RoomFixture.eventually { ava.roomSid?.hasPrefix("RM_") == true }

            await ben.disconnect()
            try await heardByBen.first(.disconnected(.clientInitiated))
            try await heardByAva.first("ben left") {
                if case .participantLeft(let p) = $0 { p.identity == "ben" } else { nil }
            }
            #expect(ava.remoteParticipants.isEmpty)
            await ava.disconnect()
            try await RoomFixture.eventually { heardByAva.ended && heardByBen.ended }
            try await RoomFixture.eventually { try RoomFixture.core().liveHandleCount == 0 }
            await server.stop()
        }

        @Test
        func manyRooms_atOnce_keepTheirEventsApart() async throws {
            let server = try await DevelopmentRoomServer.start()
            let connector = try RoomFixture.connector(server.url)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<6 {
                    group.addTask {
                        let name = "room \(number)"
                        let ava = try await connector.connect(
                            RoomFixture.join("ava", room: name), deadline: .seconds(60))
                        let heard = EventLog(ava)
                        let ben = try await connector.connect(
                            RoomFixture.join("ben", room: name), deadline: .seconds(60))
                        try await RoomFixture.eventually { ben.remoteParticipants.map(\.state) == [.active] }
                        try await ben.sendText(name, topic: "t", attributes: [:], destinations: ["ava"])
                        let text = try await heard.first("the text") {
                            if case .textReceived(let t) = $0 { t } else { nil }
                        }
                        #expect(text.text == name)
                        #expect(ava.remoteParticipants.map(\.sid) == [ben.localParticipant.sid])
                        await ava.disconnect()
                        await ben.disconnect()
                        #expect(heard.all.filter { if case .textReceived = $0 { true } else { false } }.count == 1)
                    }
                }
                try await group.waitForAll()
            }
            try await RoomFixture.eventually { try RoomFixture.core().liveHandleCount == 0 }
            await server.stop()
        }

        @Test
        func joiningAndLeaving_twentyTimes_leavesNoHandle() async throws {
            let server = try await DevelopmentRoomServer.start()
            let connector = try RoomFixture.connector(server.url)
            for _ in 0..<20 {
                let room = try await connector.connect(RoomFixture.join("ava", room: "r"), deadline: .seconds(60))
                #expect(try RoomFixture.core().liveHandleCount >= 2)
                await room.disconnect()
            }
            try await RoomFixture.eventually { try RoomFixture.core().liveHandleCount == 0 }
            await server.stop()
        }
    }
}
