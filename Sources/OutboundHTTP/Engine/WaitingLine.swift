/// Calls that wait for a place on the wire, in the order they came, and how many
/// are under way to each destination. A destination that is full holds up the
/// calls to it and no others. The inbox bounds the number of calls.
struct WaitingLine {
    private let limitPerHost: Int
    private var jobs: [Job] = []
    private var underWay: [String: Int] = [:]
    /// Something came or ended since the line was looked through last.
    private var isWorthALook = false

    init(limitPerHost: Int) {
        self.limitPerHost = limitPerHost
    }

    /// When the first of the waiting calls runs out of time.
    var nextDeadline: ContinuousClock.Instant? { jobs.lazy.map(\.deadline).min() }

    mutating func add(_ new: [Job]) {
        guard !new.isEmpty else { return }
        jobs += new
        isWorthALook = true
    }

    /// Takes out the calls that may start now, at most `places`; each counts as
    /// under way until `ended`.
    mutating func take(upTo places: Int) -> [Job] {
        guard isWorthALook, places > 0 else { return [] }
        isWorthALook = false
        var taken: [Job] = []
        jobs.removeAll { job in
            let count = underWay[job.destination, default: 0]
            guard taken.count < places, count < limitPerHost else { return false }
            underWay[job.destination] = count + 1
            taken.append(job)
            return true
        }
        return taken
    }

    /// A call that was taken is over.
    mutating func ended(_ job: Job) {
        isWorthALook = true
        let left = underWay[job.destination, default: 1] - 1
        underWay[job.destination] = left > 0 ? left : nil
    }

    /// Takes out the waiting calls that `isMeant` picks.
    mutating func remove(where isMeant: (Job) -> Bool) -> [Job] {
        let removed = jobs.filter(isMeant)
        if !removed.isEmpty { jobs.removeAll(where: isMeant) }
        return removed
    }
}
