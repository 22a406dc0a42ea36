import Domain

extension Session {
    /// The session as GET shows it, cut down where it is too large.
    var eventData: [UInt8] {
        EventData.object(expendable: [.participants, .metadata, .agentMetadata]) { writeMembers(to: &$0, omitting: $1) }
    }
}

extension SessionProgress {
    /// Where the session stands by now.
    var eventData: [UInt8] {
        EventData.object { writer, _ in
            writer.member("status", status.rawValue)
            writer.member("room_sid", roomSid)
            writer.member("agent_sid", agentSid)
            writer.member("activated_at", activatedAt?.description)
            writer.member("ended_at", endedAt?.description)
            writer.member("end_reason", end?.reason.rawValue)
            writer.member("end_detail", end?.detail)
        }
    }
}

extension AgentStateTransition {
    /// A row of the history without its room, which every event has beside its data.
    var eventData: [UInt8] { EventData.object { writer, _ in writeMembers(to: &writer, room: nil) } }
}

extension Incident {
    var eventData: [UInt8] {
        var writer = JSONWriter()
        write(to: &writer)
        return writer.bytes
    }
}

extension NotificationReceipt {
    /// The receipt, without what the recipients answered where it is too large.
    var eventData: [UInt8] {
        EventData.object(expendable: [.responses, .errorData, .recipients]) { writeMembers(to: &$0, omitting: $1) }
    }
}

extension RPCInvocationRecord {
    /// The log's line.
    var eventData: [UInt8] {
        EventData.object(expendable: [.payload, .response]) { writeMembers(to: &$0, omitting: $1) }
    }
}
