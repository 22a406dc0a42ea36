/// The members of an event's `data` that can be large, and that are left out, in
/// the order given for each kind of event, until the rest fits. The raw value
/// is the member's path, as the event's `omitted` names it.
enum EventMember: String, CaseIterable, Sendable {
    case participants
    case metadata
    case agentMetadata = "agent.metadata"
    case responses = "recipients[].response"
    case errorData = "recipients[].error.data"
    case recipients
    case payload
    case response
}
