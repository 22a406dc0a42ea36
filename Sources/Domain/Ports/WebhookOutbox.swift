/// What is on its way to webhooks: an outbox that the events' own transactions
/// fill, and that any number of processes empty together. The deliveries of one
/// session to one webhook are a lane: one after the other, in order. Every call
/// throws `storeUnavailable` when PostgreSQL does not answer within its bound.
public protocol WebhookOutbox: Sendable {
    /// Leases lanes in which something is due, of webhooks that are at work; at
    /// most as many as `wish` says, sorted by webhook. A lane that another process
    /// has leased is passed over until that lease runs out.
    func claim(_ wish: LaneWish) async throws(TurngateError) -> [WebhookLane]
    /// What waits in a leased lane, in order: at most `limit` deliveries, and no
    /// further one after `bytes` of bodies. Nil when the lane is no longer the
    /// caller's, or its webhook no longer at work.
    func batch(of lane: WebhookLane, limit: Int, bytes: Int) async throws(TurngateError) -> LaneBatch?
    /// Writes down an attempt at the lane's first delivery. Any outcome but
    /// `again` takes it out of the lane and renews the lease for `lease`; `again`
    /// gives the lane back.
    func settle(
        _ lane: WebhookLane, _ attempt: WebhookAttempt, lease: Duration
    ) async throws(TurngateError) -> LaneStanding
    /// Gives a lane back, not to be tried before `due` (nil: at any time). With
    /// `through` also says that nothing waits up to that position. Does nothing
    /// when the lane is no longer the caller's.
    func release(_ lane: WebhookLane, due: Timestamp?, through: Int64?) async throws(TurngateError)
    /// Disables a webhook whose receiver answered 410 at `url`, and discards what
    /// waits; false when it had been disabled, deleted or given another URL before.
    func disableGone(_ webhook: WebhookID, url: String) async throws(TurngateError) -> Bool
    /// Where a webhook's deliveries go. Throws `notFound(.webhook)`.
    func target(_ webhook: WebhookID) async throws(TurngateError) -> WebhookTarget
    /// Writes down a test that was sent.
    func record(_ test: WebhookDelivery) async throws(TurngateError)
    /// How many deliveries wait; counts 100,000 at most.
    func backlog() async throws(TurngateError) -> Int
    /// Does a bounded part of what is to be tidied up: deliveries that nobody is
    /// to have any more, webhooks that were deleted, lines of the log that are too
    /// old. Returns whether there may be more.
    func tidy(_ ages: OutboxAges) async throws(TurngateError) -> Bool
}

/// Who can send a test to a webhook, beside what waits.
public protocol WebhookTester: Sendable {
    /// Sends it now, once; returns its line of the log. Throws
    /// `notFound(.webhook)`.
    func test(_ webhook: WebhookID) async throws(TurngateError) -> WebhookDelivery
}
