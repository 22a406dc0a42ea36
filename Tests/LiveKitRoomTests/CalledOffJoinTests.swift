import Domain
import Foundation
import LiveKitRoom
import Synchronization
import TestSupport
import Testing

extension LiveKitRoomTests {
    /// Joins that nobody waits for any more, but that the core goes on with.
    @Suite(.serialized)
    struct CalledOffJoinTests {
        /// A server, someone in its room to see who comes, and a slow way in.
        private struct Stage {
            let server: DevelopmentRoomServer
            let proxy: HoldingProxy
            let ben: any RoomConnection
            let seen: EventLog
            let ava = RoomFixture.join("ava", room: "r")

            static func set(holding held: HoldingProxy.Held) async throws -> Stage {
                let server = try await DevelopmentRoomServer.start()
                let ben = try await RoomFixture.connector(server.url)
                    .connect(RoomFixture.join("ben", room: "r"), deadline: .seconds(60))
                return Stage(
                    server: server, proxy: try await HoldingProxy.start(server, holding: held), ben: ben,
                    seen: EventLog(ben))
            }

            /// Joins as ava; the token is made beforehand, so that the
            /// deadline is the join's alone.
            func connector(_ url: String) throws -> LiveKitConnector {
                let token = try TokenMint.token(ava)
                return LiveKitConnector(core: try RoomFixture.core(), configuration: .init(url: url)) { _ in token }
            }

            /// Ava is in the room and stays: ben's word reaches her.
            func stays(_ connection: any RoomConnection) async throws {
                let heard = EventLog(connection)
                try await RoomFixture.eventually { ben.remoteParticipants.map(\.state) == [.active] }
                try await ben.sendData([1], topic: "t", reliable: true, destinations: ["ava"])
                try await heard.first("ben's word") { if case .dataReceived = $0 { true } else { nil } }
                #expect(!heard.all.contains { if case .disconnected = $0 { true } else { false } })
                #expect(!heard.ended)
            }

            func clear(_ connection: any RoomConnection) async throws {
                await connection.disconnect()
                await ben.disconnect()
                try await RoomFixture.eventually({ try RoomFixture.core().liveHandleCount == 0 }, "handles were left")
                await proxy.stop()
                await server.kill()
            }
        }

        /// A join that is bound to fail, for tests to look at on its way.
        private struct Attempt {
            private final class Ending: Sendable { let error = Mutex<(any Error)?>(nil) }

            private let ending = Ending()
            private let task: Task<Void, Never>

            var ended: Bool { ending.error.withLock { $0 != nil } }

            init(_ connector: LiveKitConnector, _ join: RoomJoin, deadline: Duration) {
                task = Task { [ending] in
                    do {
                        await (try connector.connect(join, deadline: deadline)).disconnect()
                    } catch {
                        ending.error.withLock { $0 = error }
                    }
                }
            }

            func cancel() { task.cancel() }

            func error() async -> RoomError? {
                await task.value
                return ending.error.withLock { $0 as? RoomError }
            }
        }

        @Test
        func cancelledJoin_holdsItsCallerUntilItIsOutOfTheRoom_andHarmsNoSuccessor() async throws {
            let stage = try await Stage.set(holding: .request)
            let late = Attempt(try stage.connector(stage.proxy.url), stage.ava, deadline: .seconds(60))
            try await stage.proxy.holds()
            late.cancel()
            // Time enough for one that does not wait to be seen.
            try await Task.sleep(for: .milliseconds(300))
            #expect(!late.ended)
            try stage.proxy.release()
            #expect(await late.error() == .failed("the join was cancelled"))
            let successor = try await stage.connector(stage.server.url).connect(stage.ava, deadline: .seconds(60))
            try await stage.stays(successor)
            try await stage.clear(successor)
        }

        @Test
        func overdueJoin_isOutOfTheRoomWhenItFails() async throws {
            let stage = try await Stage.set(holding: .answer)
            let late = Attempt(try stage.connector(stage.proxy.url), stage.ava, deadline: .milliseconds(1_000))
            try await stage.proxy.holds()
            try await Task.sleep(for: .milliseconds(1_300))
            #expect(!late.ended)
            try stage.proxy.release()
            #expect(await late.error() == .unreachable("not joined within 1.0 seconds"))
            let successor = try await stage.connector(stage.server.url).connect(stage.ava, deadline: .seconds(60))
            try await stage.stays(successor)
            try await stage.clear(successor)
        }

        @Test
        func successor_waitsForAJoinThatWasCalledOff() async throws {
            let stage = try await Stage.set(holding: .request)
            let connector = try stage.connector(stage.proxy.url)
            let late = Attempt(connector, stage.ava, deadline: .seconds(60))
            try await stage.proxy.holds()
            late.cancel()
            try await Task.sleep(for: .milliseconds(100))
            // Nothing is let through while it waits.
            await #expect(throws: RoomError.unreachable("an earlier join of this participant is still on its way")) {
                try await connector.connect(stage.ava, deadline: .milliseconds(200))
            }
            async let next = connector.connect(stage.ava, deadline: .seconds(60))
            try stage.proxy.release()
            let successor = try await next
            #expect(await late.error() == .failed("the join was cancelled"))
            try await stage.stays(successor)
            try await stage.clear(successor)
        }

        @Test
        func joinOfACancelledTask_isNotBegun() async throws {
            let stage = try await Stage.set(holding: .request)
            let connector = try stage.connector(stage.server.url)
            let join = Task {
                try? await Task.sleep(for: .seconds(60))
                return try await connector.connect(stage.ava, deadline: .seconds(60))
            }
            join.cancel()
            await #expect(throws: RoomError.failed("the join was cancelled")) { try await join.value }
            let successor = try await connector.connect(stage.ava, deadline: .seconds(60))
            try await stage.stays(successor)
            let comings = stage.seen.all.filter { if case .participantJoined = $0 { true } else { false } }
            #expect(comings.count == 1)
            try await stage.clear(successor)
        }
    }
}
