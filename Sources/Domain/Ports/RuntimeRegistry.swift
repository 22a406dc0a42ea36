import Foundation

/// A process that holds sessions; new at every start.
public struct RuntimeID: Sendable, Hashable {
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
    /// the register; returns the ids of those sessions.
    func bury(_ dead: RuntimeID) async throws(TurngateError) -> [SessionID]
    /// Takes this process off, at a clean end.
    func leave(_ id: RuntimeID) async throws(TurngateError)
}

/// A process as entered: enough to tell, on the same machine, whether it lives.
public struct RuntimeDescription: Sendable, Equatable {
    public var id: RuntimeID
    public var host: String
    /// Of the machine's present boot (`/proc/sys/kernel/random/boot_id`).
    public var bootID: String
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
    public var runtime: RuntimeDescription
    public var silence: Duration

    public init(runtime: RuntimeDescription, silence: Duration) {
        self.runtime = runtime
        self.silence = silence
    }
}
