import Domain
import Logging

/// Says that this process lives, and finds those that do not, so that no
/// session stays `active` that no runtime holds.
public struct RuntimeWatch: Sendable {
    /// How often it says so, and looks.
    public static let heartbeatInterval = Duration.seconds(3)
    /// How long a process on another machine may be silent before it counts
    /// as dead.
    public static let lease = Duration.seconds(15)

    private let me: RuntimeDescription
    private let registry: any RuntimeRegistry
    private let clock: any TurngateClock
    private let logger: Logger
    /// Whether a process runs; nil when it belongs to another machine.
    private let isAlive: @Sendable (RuntimeDescription) -> Bool?
    /// Called when another process buried this one.
    private let onBuried: @Sendable () async -> Void
    /// Called with sessions that the store says this process holds; writes off
    /// those that it does not.
    private let writeOff: @Sendable ([SessionID]) -> Void
    /// How old a session must be before it is looked for: one that is being
    /// made is in the store before this process holds it.
    static let grace = Duration.seconds(60)

    public init(
        me: RuntimeDescription, registry: any RuntimeRegistry, clock: any TurngateClock, logger: Logger,
        isAlive: @escaping @Sendable (RuntimeDescription) -> Bool?,
        onBuried: @escaping @Sendable () async -> Void, writeOff: @escaping @Sendable ([SessionID]) -> Void
    ) {
        self.me = me
        self.registry = registry
        self.clock = clock
        self.logger = logger
        self.isAlive = isAlive
        self.onBuried = onBuried
        self.writeOff = writeOff
    }

    /// Enters this process and buries those of this machine that are gone;
    /// to be called before the first session is made. Throws only where it cannot
    /// enter or see who else is there.
    public func enter() async throws(TurngateError) {
        try await registry.enter(me)
        try await buryTheDead(heardSince: .zero)
    }

    /// Goes on until the task is cancelled, through outages of the database.
    public func run() async {
        var heardSince = clock.uptime
        var seen: Set<SessionID> = []
        while !Task.isCancelled {
            do { try await clock.sleep(for: Self.heartbeatInterval) } catch { return }
            do throws(TurngateError) {
                if try await !registry.heartbeat(me.id) {
                    logger.error("another process took this one for dead; its sessions are given up")
                    await onBuried()
                    try await registry.enter(me)
                }
                try await buryTheDead(heardSince: clock.uptime - heardSince)
                // Only what two looks in a row find: an end may be on its way.
                let mine = try await registry.unheld(by: me.id, olderThan: Self.grace)
                writeOff(mine.filter(seen.contains))
                seen = Set(mine)
            } catch {
                // The database was away for all: nobody's silence counts until
                // everybody has had a lease's time to be heard again.
                heardSince = clock.uptime
                logger.warning("heartbeat not written", metadata: ["error": "\(error)"])
            }
        }
    }

    /// `heardSince`: for how long our own heartbeats have been getting through.
    private func buryTheDead(heardSince: Duration) async throws(TurngateError) {
        for other in try await registry.others(than: me.id) {
            let isDead = isAlive(other.runtime).map { !$0 } ?? (heardSince > Self.lease && other.silence > Self.lease)
            guard isDead else { continue }
            await bury(other.runtime)
        }
    }

    /// One that cannot be buried now is still found at the next look; that keeps
    /// no other from being buried, nor this process from its work.
    private func bury(_ dead: RuntimeDescription) async {
        var metadata: Logger.Metadata = ["pid": "\(dead.pid)", "host": "\(dead.host)"]
        do throws(TurngateError) {
            let sessions = try await registry.bury(dead.id)
            metadata["sessions"] = "\(sessions.count)"
            logger.warning("a process is gone; its sessions are failed", metadata: metadata)
        } catch {
            metadata["problem"] = "\(error)"
            logger.error("the sessions of a process that is gone could not be failed yet", metadata: metadata)
        }
    }
}
