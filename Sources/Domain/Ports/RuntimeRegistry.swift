import Foundation

/// A process that holds sessions; new at every start.
public struct RuntimeID: Sendable, Hashable {
    /// What it is entered under in the database.
    public let uuid: UUID

    public init(uuid: UUID) { self.uuid = uuid }
}

/// Which processes are alive, so that no session stays live that none holds.
public protocol RuntimeRegistry: Sendable {
    /// Enters this process.
    func enter(_ runtime: RuntimeDescription) async throws(TurngateError)
    /// Says that it is still there; false when another process took it for
    /// dead and buried it.
    func heartbeat(_ id: RuntimeID) async throws(TurngateError) -> Bool
    /// The others that are entered, with how long ago each was last heard of
    /// by the database's clock.
    func others(than id: RuntimeID) async throws(TurngateError) -> [RuntimeSighting]
    /// Ends what `dead` held as `failed` with `runtime_lost` and takes it off
    /// the register; returns the ids of those sessions. Where it held very many,
    /// or after an error, some may be left: then it is still on the register, and
    /// burying it again goes on.
    func bury(_ dead: RuntimeID) async throws(TurngateError) -> [SessionID]
    /// The sessions that are live in the store, held by `id`, and were created
    /// more than `age` ago by the database's clock, sorted by id. The store
    /// cannot know what a process really has in its hands: `id` itself asks,
    /// and what it neither holds nor makes, and whose end is not with its
    /// journal either, came of an insert that was given up and yet committed.
    func unheld(by id: RuntimeID, olderThan age: Duration) async throws(TurngateError) -> [SessionID]
    /// Takes this process off, at a clean end; waits a few seconds at most.
    func leave(_ id: RuntimeID) async throws(TurngateError)
}

/// A process as entered: enough to tell, on the same machine, whether it lives.
public struct RuntimeDescription: Sendable, Equatable {
    /// New at every start of the process.
    public var id: RuntimeID
    /// The machine's host name; a `pid` means something only there.
    public var host: String
    /// Of the machine's present boot (`/proc/sys/kernel/random/boot_id`).
    public var bootID: String
    /// The process's id on `host`; may be given out again after its end.
    public var pid: Int32
    /// When the process started, in clock ticks since boot (`/proc/PID/stat`).
    public var startTicks: Int64

    public init(id: RuntimeID, host: String, bootID: String, pid: Int32, startTicks: Int64) {
        self.id = id
        self.host = host
        self.bootID = bootID
        self.pid = pid
        self.startTicks = startTicks
    }
}

/// A process and how long it has been silent.
public struct RuntimeSighting: Sendable, Equatable {
    /// The process as it entered itself.
    public var runtime: RuntimeDescription
    /// Since its last heartbeat, by the database's clock; never negative.
    public var silence: Duration

    public init(runtime: RuntimeDescription, silence: Duration) {
        self.runtime = runtime
        self.silence = silence
    }
}
