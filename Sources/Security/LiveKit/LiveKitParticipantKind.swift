/// What a participant is to LiveKit's clients. The words are those of the `kind`
/// claim; one that we do not know is kept as it came.
public struct LiveKitParticipantKind: RawRepresentable, Codable, Hashable, Sendable {
    /// The word in the claim, lower case.
    public let rawValue: String

    /// Takes any word; the room server decides whether it knows it.
    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// A person's client: what a token without the claim is.
    public static let standard = Self(rawValue: "standard")
    /// An agent: the clients then show it as one.
    public static let agent = Self(rawValue: "agent")
    /// Media brought in by the ingress service.
    public static let ingress = Self(rawValue: "ingress")
    /// A recorder of the egress service.
    public static let egress = Self(rawValue: "egress")
    /// A caller on the telephone.
    public static let sip = Self(rawValue: "sip")
}
