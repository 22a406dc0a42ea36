import Foundation

/// Does what the service does all the time, over and over, between two marks for whoever counts
/// (`make bench-check`). Says on standard output what it counted, in order.
@main struct HotPathsProgram {
    /// So many times less than is counted is done before: connections, caches and tables grow to their size.
    private static let warmUp = 4

    static func main() {
        Task { @Driver in
            do {
                try await countAll()
            } catch {
                FileHandle.standardError.write(Data("error: \(error)\n".utf8))
                exit(1)
            }
            // As it stands: to stop in good order is no hot path.
            exit(0)
        }
        Driver.executor.run()
    }

    @Driver private static func countAll() async throws {
        guard let url = ProcessInfo.processInfo.environment["DATABASE_URL"] else {
            throw HotPathFailure("DATABASE_URL is not set")
        }
        for path in try await paths(CountedService(databaseURL: url)) { try await count(path) }
    }

    /// In an order in which each has what it needs, and nothing that it does not: the history is made by
    /// changes of state, and while there are streams of events, everything is told to them.
    @Driver private static func paths(_ service: CountedService) async throws -> [HotPath] {
        RoomPaths.enter(service.room)
        let live = try await service.session("live") { $0.labels = ["tenant": "acme"] }
        let states = StateSequence()
        return try await SessionPaths(service, live: live, states).all + HistoryPaths(service, live: live).all
            + RoomPaths(service).all + EventPaths(service, live: live, states).all
    }

    /// Counts it, and then a fifth more under the same number of operations: whoever reads the
    /// counts can see that he would see that.
    @Driver private static func count(_ path: HotPath) async throws {
        try await path.perform(max(path.operations / warmUp, 1))
        for performed in [path.operations, path.operations * 6 / 5] {
            Window.opens(path.name)
            try await path.perform(performed)
            Window.closes(path.name, path.operations)
        }
    }
}
