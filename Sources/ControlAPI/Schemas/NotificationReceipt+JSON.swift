import Domain

extension NotificationReceipt {
    var json: [UInt8] {
        var writer = JSONWriter(capacity: 256 + 160 * recipients.count)
        write(to: &writer)
        return writer.bytes
    }

    func write(to writer: inout JSONWriter) { writer.object { writeMembers(to: &$0, omitting: []) } }

    /// The receipt's members, its lines without what is to be omitted.
    func writeMembers(to writer: inout JSONWriter, omitting omitted: Set<EventMember>) {
        writer.member("id", id.description)
        writer.member("session_id", sessionID.description)
        writer.member("method", method)
        writer.member("trigger", trigger.rawValue)
        writer.member("agent_state_seq", agentStateSeq)
        writer.member("created_at", createdAt.description)
        writer.member("completed_at", completedAt?.description)
        writer.key("recipients")
        writer.array { writer in
            guard !omitted.contains(.recipients) else { return }
            for recipient in recipients { recipient.write(to: &writer, omitting: omitted) }
        }
    }
}
