import Domain
import Foundation
import TestSupport
import Testing

@testable import LiveKitRoom

extension LiveKitRoomTests {
    /// What the core keeps for us: all of it is given back, once.
    @Suite(.serialized)
    struct RoomHandleTests {
        private enum Leaving: CaseIterable {
            case inGoodOrder, byBeingRemoved, afterUs
        }

        @Test
        func publishersThatLeave_takeNoHandleFromUs() async throws {
            let server = try await DevelopmentRoomServer.start()
            let connector = try RoomFixture.connector(server.url)
            let core = try RoomFixture.core()
            let strays = core.strayDrops.load(ordering: .relaxed)
            for round in 0..<9 {
                let ava = try await connector.connect(RoomFixture.join("ava", room: "r"), deadline: .seconds(60))
                let heard = EventLog(ava)
                let pat = try await OfficialPeer.join(server, identity: "pat", room: "r")
                try await pat.ask("publish")
                try await RoomFixture.eventually { ava.remoteParticipants.first?.audio.count == 1 }
                let leaving = Leaving.allCases[round % 3]
                if leaving == .afterUs { await ava.disconnect() }
                if leaving == .byBeingRemoved {
                    try await ServerAPI.call(server, "RemoveParticipant", ["room": "r", "identity": "pat"])
                }
                try await pat.leave()
                if leaving != .afterUs {
                    try await heard.first("pat left") { if case .participantLeft = $0 { true } else { nil } }
                    await ava.disconnect()
                }
                try await RoomFixture.eventually { core.liveHandleCount == 0 }
            }
            #expect(core.strayDrops.load(ordering: .relaxed) == strays)
            await server.kill()
        }

        /// The core closes a room, and says that it panicked, when nobody asks
        /// for its events in time. That must not need a task that gets its turn.
        @Test
        func joinsAnswer_isTakenIn_withoutAnybodyWaitingForIt() async throws {
            let room = try await RoomPair.join()
            let core = try RoomFixture.core()
            let attempt = JoinAttempt(core: core, configuration: LiveKitConfiguration(url: room.server.url))
            let token = try TokenMint.token(RoomFixture.join("cleo", room: "r"))
            try ask(core, for: attempt, url: room.server.url, token: token)
            try await room.heardByBen.first("cleo came") {
                if case .participantJoined(let p) = $0, p.identity == "cleo" { true } else { nil }
            }
            try await RoomFixture.eventually { (try? attempt.connection()) != nil }
            let cleo = try attempt.connection()
            // Events flow only once they have been asked for.
            let heard = EventLog(cleo)
            try await room.ben.setMetadata("new")
            try await heard.first("ben's metadata") {
                if case .participantUpdated(let p) = $0, p.metadata == "new" { true } else { nil }
            }
            await cleo.disconnect()
            try await room.leave()
        }

        private func ask(_ core: LiveKitCore, for attempt: JoinAttempt, url: String, token: String) throws {
            let request = WireConnectRequest.with { request in
                request.url = url
                request.token = token
                request.requestAsyncID = core.router.register(FFIReply(arrived: attempt.take))
                request.options.singlePeerConnection = true
            }
            try core.request("connect", .connect(request))
        }

        @Test
        func handle_isDroppedOnce_andAnUnknownOneIsNoticed() throws {
            let core = try RoomFixture.core()
            let strays = core.strayDrops.load(ordering: .relaxed)
            let unknown = FFIHandle(id: .max, core: core)
            unknown.drop()
            unknown.drop()
            #expect(core.strayDrops.load(ordering: .relaxed) == strays + 1)
            let consumed = FFIHandle(id: .max, core: core)
            consumed.consumed()
            consumed.drop()
            #expect(core.strayDrops.load(ordering: .relaxed) == strays + 1)
        }

        /// Each registered method, and each call without an answer, holds the
        /// whole room in the core until it is taken back: about 430 KB.
        @Test
        func roomsWithMethodsAndOpenCalls_areLetGo() async throws {
            let server = try await DevelopmentRoomServer.start()
            let connector = try RoomFixture.connector(server.url)
            let ben = try await connector.connect(RoomFixture.join("ben", room: "r"), deadline: .seconds(60))
            for _ in 0..<5 { try await visit(connector, calledBy: ben) }
            let rooms = 12
            let before = try Memory.resident()
            for _ in 0..<rooms { try await visit(connector, calledBy: ben) }
            let growth = try Memory.resident() - before
            #expect(growth < rooms * 250 << 10, "\(growth / rooms) bytes a room")
            await ben.disconnect()
            await server.kill()
        }

        private func visit(_ connector: LiveKitConnector, calledBy ben: any RoomConnection) async throws {
            let ava = try await connector.connect(RoomFixture.join("ava", room: "r"), deadline: .seconds(60))
            let heard = EventLog(ava)
            try await ava.registerMethod("open")
            try await RoomFixture.eventually { ben.remoteParticipants.map(\.state) == [.active] }
            let call = Task {
                try await ben.performRPC(method: "open", payload: "", destination: "ava", timeout: .seconds(30))
            }
            try await heard.first("the call") { if case .rpcInvoked = $0 { true } else { nil } }
            await ava.disconnect()
            let refused = await #expect(throws: RPCError.self) { try await call.value }
            #expect(refused?.isCode(.recipientDisconnected) == true)
        }
    }
}
