import Domain

extension JournalEntry {
    /// About how many bytes this holds and sends: its texts, and a lump sum for
    /// the rest.
    var estimatedBytes: Int {
        switch self {
        case .transition(let step): Self.lumpSum + step.actor.size + step.reason.size
        case .session(let progress):
            Self.lumpSum + progress.roomSid.size + progress.agentSid.size + (progress.end?.detail).size
        case .notification(let receipt):
            receipt.recipients.reduce(Self.lumpSum + receipt.method.utf8.count) { $0 + Self.size(of: $1) }
        case .turn(let turn): Self.lumpSum + turn.holder.utf8.count + turn.startActor.size
        case .incident(let incident): Self.lumpSum + incident.participant.size + incident.detail.utf8.count
        case .methodUsage(_, let usage):
            usage.keys.reduce(Self.lumpSum) { $0 + Self.lumpSum + $1.utf8.count }
        case .invocation(let record): Self.size(of: record)
        // Its event holds what it says.
        case .occurrence: Self.lumpSum
        }
    }

    /// What an entry, or a line of one, takes beside its texts.
    private static let lumpSum = 200

    private static func size(of record: RPCInvocationRecord) -> Int {
        lumpSum + record.method.utf8.count + record.participant.utf8.count + (record.error?.message).size
            + (record.error?.data).size + record.payload.size + record.response.size
    }

    private static func size(of line: RecipientReceipt) -> Int {
        lumpSum + line.identity.utf8.count + line.response.size + (line.error?.message).size + (line.error?.data).size
    }
}

extension String? {
    fileprivate var size: Int { self?.utf8.count ?? 0 }
}
