import Domain

extension RPCInvocationRecord {
    /// A line of the log as the API shows it.
    var json: [UInt8] {
        var writer = JSONWriter(capacity: 512)
        write(to: &writer)
        return writer.bytes
    }

    func write(to writer: inout JSONWriter) { writer.object { writeMembers(to: &$0, omitting: []) } }

    /// The line's members; `payload` and `response` are null when they are to be
    /// omitted.
    func writeMembers(to writer: inout JSONWriter, omitting omitted: Set<EventMember>) {
        writer.member("id", id.description)
        writer.member("session_id", sessionID.description)
        writer.member("direction", direction.rawValue)
        writer.member("method", method)
        writer.member("participant", participant)
        writer.member("handler", handlerType)
        writer.member("started_at", startedAt.description)
        writer.member("duration_ms", duration.milliseconds)
        writer.member("status", outcome.rawValue)
        writer.key("error")
        if let error { writer.object { error.write(to: &$0) } } else { writer.value(raw: "null") }
        writer.member("payload", omitted.contains(.payload) ? nil : payload)
        writer.member("response", omitted.contains(.response) ? nil : response)
    }
}

extension LeasedInvocation {
    func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("id", invocation.id.description)
            writer.member("session_id", invocation.sessionID.description)
            writer.member("room", invocation.room)
            writer.member("method", invocation.method)
            writer.member("caller") { invocation.caller.write(to: &$0) }
            writer.key("payload")
            invocation.writePayload(to: &writer)
            writer.member("received_at", invocation.receivedAt.description)
            writer.member("deadline", invocation.deadline.description)
            writer.member("lease_expires_at", leaseExpiresAt.description)
            writer.member("attempt", attempt)
        }
    }
}

extension PendingInvocation.Caller {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.member("identity", identity)
        writer.member("kind", kind.rawValue)
        writer.member("attributes", attributes)
    }
}

extension PendingInvocation {
    /// The payload as the backend has it: JSON, null for none, or the text itself.
    /// JSON that only a lenient reader takes (a name given twice) comes as its text:
    /// what is not certain to be JSON must not break the whole answer.
    fileprivate func writePayload(to writer: inout JSONWriter) {
        switch envelope {
        case .raw: writer.value(payload)
        case .json where payload.allSatisfy(\.isWhitespace): writer.value(raw: "null")
        case .json:
            do {
                writer.value(raw: try JSONParser.parse(Array(payload.utf8)).compactText)
            } catch {
                writer.value(payload)
            }
        }
    }
}
