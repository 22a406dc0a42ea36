import Logging

extension Logger {
    /// Passes one of the core's records on.
    func log(core record: WireLogRecord) {
        let level: Logger.Level =
            switch record.level {
            case .logError: .error
            case .logWarn: .warning
            case .logInfo: .info
            case .logDebug: .debug
            case .logTrace: .trace
            }
        log(level: level, "\(record.message)", metadata: ["target": "\(record.target)"])
    }
}
