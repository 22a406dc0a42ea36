/// A call to several recipients under way: the value that decides what each
/// one's line says, whatever order answers, departures and deadlines come in.
/// The first outcome of a recipient stands; later ones change nothing.
public struct FanOut: Sendable, Equatable {
    /// One line per recipient, in the order of the names given or, under `all`, of
    /// those present.
    public private(set) var recipients: [RecipientReceipt]

    /// `destinations` against those who are present: the agent itself and
    /// other agents get no line under `all`; somebody named who is not there
    /// (or not yet active) is `absent` at once; a name given twice gets one
    /// line.
    public init(destinations: RPCDestinations, present: [RoomParticipant]) {
        let active = present.filter { $0.state == .active }
        switch destinations {
        case .all:
            recipients = active.filter(\.kind.takesTurns).map {
                RecipientReceipt(identity: $0.identity, outcome: .pending)
            }
        case .identities(let identities):
            let known = Set(active.map(\.identity))
            var seen = Set<String>()
            recipients = identities.filter { seen.insert($0).inserted }.map { identity in
                known.contains(identity)
                    ? RecipientReceipt(identity: identity, outcome: .pending)
                    : RecipientReceipt(
                        identity: identity, outcome: .absent, error: RPCError(.recipientNotFound), latency: .zero)
            }
        }
    }

    /// Those whose call is to be made, or is under way.
    public var pending: [String] { recipients.filter { $0.outcome == .pending }.map(\.identity) }
    /// Whether every recipient has its outcome; so from the start where there is
    /// none to call.
    public var isComplete: Bool { !recipients.contains { $0.outcome == .pending } }

    /// Takes the outcome of `identity`'s call, `latency` after it was made;
    /// says whether it was the first. A response over `RPCLimits.payloadBytes`
    /// is none (`failed`, 1504) and an error's texts are cut at their limits:
    /// newer clients send up to 1 MiB, and a receipt is kept whole.
    @discardableResult
    public mutating func settle(_ identity: String, _ result: Result<String, RPCError>, latency: Duration) -> Bool {
        guard let index = recipients.firstIndex(where: { $0.identity == identity && $0.outcome == .pending }) else {
            return false
        }
        switch result.withinLimits {
        case .success(let response):
            recipients[index].outcome = .acknowledged
            recipients[index].response = response
        case .failure(let error):
            recipients[index].outcome = RecipientOutcome(error: error)
            recipients[index].error = error
        }
        recipients[index].latency = latency
        return true
    }
}
