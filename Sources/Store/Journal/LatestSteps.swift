import Domain

/// The transitions that were written last, one for each session, so that their
/// successors need not ask for them.
struct LatestSteps: Sendable {
    private var steps: [SessionID: (seq: Int64, at: Timestamp)] = [:]

    /// More sessions than a process holds; past it all is forgotten, and asked for
    /// again.
    private static let limit = 100_000

    /// When the transition at `place` was, if it is its session's latest.
    subscript(place: HistoryPlace) -> Timestamp? {
        steps[place.session].flatMap { $0.seq == place.seq ? $0.at : nil }
    }

    /// Those of the sessions that `units` are about.
    func about(_ units: [JournalUnit]) -> LatestSteps {
        var some = LatestSteps()
        for entry in units.entries { some.steps[entry.sessionID] = steps[entry.sessionID] }
        return some
    }

    /// Takes on what is durable now; sessions that are over have no successors.
    mutating func take(_ units: [JournalUnit]) {
        for entry in units.entries {
            switch entry {
            case .transition(let step): steps[step.sessionID] = (step.seq, step.at)
            case .session(let progress) where progress.status.isFinal: steps[progress.id] = nil
            default: break
            }
        }
        if steps.count > Self.limit { steps = [:] }
    }
}
