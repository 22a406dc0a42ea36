import Domain

/// A caller that was let in, and whether it still would be: for answers that
/// outlast the look at the credential.
struct CallerStanding: Sendable {
    let caller: Caller
    /// What the call needs.
    let scope: Caller.Scope
    let authenticator: any CallerAuthenticator

    /// How often an answer that goes on is to ask.
    static let interval = Duration.milliseconds(500)

    func isGood(at now: Timestamp) -> Bool { authenticator.stillAdmits(caller, for: scope, now: now) }

    /// Returns when the credential is over or withdrawn; throws when the task is
    /// cancelled.
    func untilOver(by clock: any TurngateClock) async throws {
        while isGood(at: clock.now) { try await clock.sleep(for: Self.interval) }
    }
}
