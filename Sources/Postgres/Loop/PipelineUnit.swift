/// What was sent up to and including one Sync: the server answers it as a
/// whole, and its errors stay inside it.
struct PipelineUnit {
    enum Purpose {
        case job(QueuedJob)
        /// Ends a transaction that failed, so that the connection can be used again.
        case rollback
        case listen(channel: String)
        case unlisten
        case ping
    }

    /// One command of the unit; the number is the position among the job's steps.
    enum Command {
        case begin
        case prepare(Int)
        case statement(Int)
        case commit
        case utility
    }

    let purpose: Purpose
    let deadline: UInt64
    var commands: [Command] = []
    /// How many commands were answered.
    var answered = 0
    var results: [PostgresResult] = []
    var error: PostgresError?

    init(_ purpose: Purpose, deadline: UInt64) {
        self.purpose = purpose
        self.deadline = deadline
    }

    var job: PoolJob? {
        if case .job(let queued) = purpose { queued.job } else { nil }
    }

    /// The statement that the command at `answered` belongs to.
    func statement(of command: Command) -> PostgresStatement? {
        switch command {
        case .prepare(let index), .statement(let index): job?.steps[index].statement
        case .begin, .commit, .utility: nil
        }
    }
}
