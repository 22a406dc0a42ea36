/// Whoever drives the service: on the process's first thread, which nothing of the service runs on,
/// so that it may wait in system calls.
@globalActor actor Driver {
    static let shared = Driver()
    static let executor = DriverExecutor()

    nonisolated var unownedExecutor: UnownedSerialExecutor { Self.executor.asUnownedSerialExecutor() }
}
