import Domain
import LiveKitRoom
import TestSupport
import Testing

extension LiveKitRoomTests {
    @Suite(.serialized)
    struct RoomConnectFailureTests {
        /// How joining at `url` fails.
        private func failure(
            _ url: String, token: String? = nil, secret: String = DevelopmentRoomServer.secret,
            deadline: Duration = .seconds(60)
        ) async throws -> RoomError? {
            let connector = LiveKitConnector(core: try RoomFixture.core(), configuration: .init(url: url)) { join in
                try token ?? TokenMint.token(identity: join.identity, room: join.room, secret: secret)
            }
            return await #expect(throws: RoomError.self) {
                try await connector.connect(RoomFixture.join("ava", room: "r"), deadline: deadline)
            }
        }

        private func isUnreachable(_ error: RoomError?) -> Bool {
            if case .unreachable = error { true } else { false }
        }

        @Test
        func closedPort_isUnreachable() async throws {
            let closed = try await FaultyServer.start("hangup")
            await closed.process.stop()
            #expect(isUnreachable(try await failure("ws://127.0.0.1:\(closed.port)")))
        }

        @Test
        func unknownHost_isUnreachable() async throws {
            #expect(isUnreachable(try await failure("ws://no-such-host.invalid:7880")))
        }

        @Test(arguments: ["hangup", "503", "429"])
        func serverThatCannot_isUnreachable(mode: String) async throws {
            let server = try await FaultyServer.start(mode)
            #expect(isUnreachable(try await failure("ws://127.0.0.1:\(server.port)")))
            await server.process.stop()
        }

        @Test
        func tlsToAServerWithoutIt_isUnreachable() async throws {
            let server = try await DevelopmentRoomServer.start()
            #expect(isUnreachable(try await failure("wss://127.0.0.1:\(server.port)")))
            await server.kill()
        }

        @Test
        func tlsWithACertificateThatNobodyTrusts_isUnreachable() async throws {
            let server = try await FaultyServer.start("tls")
            let error = try await failure("wss://127.0.0.1:\(server.port)")
            #expect(isUnreachable(error), "was \(String(describing: error))")
            #expect("\(String(describing: error))".contains("invalid peer certificate"))
            await server.process.stop()
        }

        @Test
        func silentServer_isUnreachableWhenTheDeadlineHasPassed() async throws {
            let server = try await FaultyServer.start("silent")
            let error = try await failure("ws://127.0.0.1:\(server.port)", deadline: .milliseconds(300))
            #expect(error == .unreachable("not joined within 0.3 seconds"))
            await server.process.stop()
        }

        @Test
        func wrongSecret_isTokenRefused() async throws {
            let server = try await DevelopmentRoomServer.start()
            let error = try await failure(server.url, secret: "another")
            #expect({ if case .tokenRefused = error { true } else { false } }())
            let garbage = try await failure(server.url, token: "a\nb")
            #expect({ if case .tokenRefused = garbage { true } else { false } }())
            await server.kill()
        }

        @Test
        func notFound_isRefused() async throws {
            let server = try await FaultyServer.start("404")
            let error = try await failure("ws://127.0.0.1:\(server.port)")
            #expect({ if case .refused = error { true } else { false } }())
            await server.process.stop()
        }

        @Test
        func addressThatIsNone_isAFailure() async throws {
            let error = try await failure("not a url")
            #expect({ if case .failed = error { true } else { false } }())
        }

        @Test
        func tokenThatCannotBeMade_isAFailure() async throws {
            let connector = LiveKitConnector(
                core: try RoomFixture.core(), configuration: .init(url: "ws://127.0.0.1:1")
            ) {
                _ in throw EventNeverCame()
            }
            let error = await #expect(throws: RoomError.self) {
                try await connector.connect(RoomFixture.join("ava", room: "r"), deadline: .seconds(1))
            }
            #expect({ if case .failed = error { true } else { false } }())
        }
    }
}
