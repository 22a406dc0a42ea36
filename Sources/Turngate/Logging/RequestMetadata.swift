import Domain
import Logging

/// What every log line of a request carries: which request, and which trace.
enum RequestMetadata {
    /// For the bootstrap of the logging system.
    static let provider = Logger.MetadataProvider {
        var fields: Logger.Metadata = [:]
        if let trace = TraceContext.current { fields["trace_id"] = "\(trace.traceID)" }
        if let request = RequestID.current { fields["request_id"] = "\(request)" }
        return fields
    }
}
