/// Waits until `condition` holds: tasks that a test has set off need a moment
/// of the scheduler's time, not of the clock's. Gives up after `limit` of real
/// time, which only a failing test ever waits for.
public func eventually(
    within limit: Duration = .seconds(60), _ condition: @Sendable () async throws -> Bool
) async rethrows -> Bool {
    let deadline = ContinuousClock.now + limit
    while ContinuousClock.now < deadline {
        if try await condition() { return true }
        await Task.yield()
        try? await Task.sleep(for: .milliseconds(1))
    }
    return try await condition()
}
