import Glibc

/// How many files and sockets the process may have open.
public enum DescriptorLimit {
    /// Asks the system for `wanted`, at most for as many as it lets the process
    /// ask for, and never for fewer than there are. Many systems begin with 1024,
    /// which a thousand open streams use up. Gives the number that is in force.
    @discardableResult
    public static func raise(to wanted: Int) -> Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 0 }
        let goal = min(rlim_t(clamping: max(wanted, 0)), limit.rlim_max)
        if goal > limit.rlim_cur {
            limit.rlim_cur = goal
            _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
            _ = getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        }
        return Int(clamping: limit.rlim_cur)
    }
}
