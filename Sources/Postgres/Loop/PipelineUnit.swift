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

        /// The position among the job's steps.
        var index: Int? {
            switch self {
            case .prepare(let index), .statement(let index): index
            case .begin, .commit, .utility: nil
            }
        }
    }

    let purpose: Purpose
    let deadline: UInt64
    var commands: [Command] = []
    /// How many commands were answered.
    var answered = 0
    var results: [PostgresResult] = []
    /// The first error.
    var error: PostgresError?
    /// A statement failed inside a transaction, which is now open and aborted.
    var brokeTransaction = false

    init(_ purpose: Purpose, deadline: UInt64) {
        self.purpose = purpose
        self.deadline = deadline
    }

    var job: PoolJob? {
        if case .job(let queued) = purpose { queued.job } else { nil }
    }

    /// The statement that the command at `answered` belongs to.
    func statement(of command: Command) -> PostgresStatement? {
        command.index.flatMap { job?.steps[$0].statement }
    }
}
