/// What belongs together of what was sent: most often all up to and including
/// one Sync, which the server answers as a whole, and whose errors stay inside
/// it. Short reads share a Sync: then an error of one aborts those behind it.
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
    /// False for all but the last of those that share a Sync.
    let endsInSync: Bool
    var commands: [Command] = []
    /// How many commands were answered.
    var answered = 0
    var results: [PostgresResult] = []
    /// The first error.
    var error: PostgresError?
    /// The server did not look at a command, for an error of another that shares the Sync.
    var wasAborted = false
    /// A statement failed inside a transaction, which is now open and aborted.
    var brokeTransaction = false

    init(_ purpose: Purpose, deadline: UInt64, endsInSync: Bool = true) {
        self.purpose = purpose
        self.deadline = deadline
        self.endsInSync = endsInSync
    }

    /// Everything is answered that comes before a Sync.
    var isAnswered: Bool { answered == commands.count }

    var job: PoolJob? {
        if case .job(let queued) = purpose { queued.job } else { nil }
    }

    /// The statement that the command at `answered` belongs to.
    func statement(of command: Command) -> PostgresStatement? {
        command.index.flatMap { job?.steps[$0].statement }
    }
}
