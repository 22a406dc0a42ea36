import Domain

extension NotificationReceipt {
    var json: [UInt8] {
        var writer = JSONWriter(capacity: 256 + 160 * recipients.count)
        write(to: &writer)
        return writer.bytes
    }

    func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("id", id.description)
            writer.member("session_id", sessionID.description)
            writer.member("method", method)
            writer.member("trigger", trigger.rawValue)
            writer.member("agent_state_seq", agentStateSeq)
            writer.member("created_at", createdAt.description)
            writer.member("completed_at", completedAt?.description)
            writer.key("recipients")
            writer.array { writer in for recipient in recipients { recipient.write(to: &writer) } }
        }
    }
}
