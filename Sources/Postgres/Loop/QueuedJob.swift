/// A job in the loop's hands, with how often it was put back into the queue
/// because another job was at fault.
struct QueuedJob {
    let job: PoolJob
    /// The order of arrival.
    let sequence: UInt64
    var retries = 0
    /// It was aborted by another that shared its Sync, and gets its own.
    var isAlone = false

    /// Whether it may share a Sync.
    var isSociable: Bool { !isAlone && job.isShortRead }

    /// A job that is in the way of others this often gets its error instead.
    static let retryLimit = 3
}
