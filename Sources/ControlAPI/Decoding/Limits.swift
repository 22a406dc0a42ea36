import Domain
import HTTPServer

/// The bounds of everything that a caller can say; `openapi.yaml` states the
/// same. Names leave room for four bytes a character within LiveKit's 256.
enum Limits {
    /// Rooms, identities and display names.
    static let name = NameRule(asciiCharacters: 128, characters: 64)
    /// A word for why, within the history's 256 bytes.
    static let reason = NameRule(asciiCharacters: 256, characters: 64, mayBeEmpty: true)
    static let displayName = NameRule(asciiCharacters: 128, characters: 64, mayBeEmpty: true)
    /// A method that the agent registers.
    static let ownMethod = TextRule(length: 1...RPCLimits.methodNameBytes, characters: .word(also: "_.:-"))
    /// A method that is called at a participant.
    static let calledMethod = TextRule(length: 1...RPCLimits.methodNameBytes, characters: .visibleASCII)
    static let payload = TextRule(
        length: 0...RPCLimits.payloadBytes, maxBytes: RPCLimits.payloadBytes, characters: .any)
    static let description = TextRule(length: 0...1024, characters: .any)
    static let agentMetadata = TextRule(length: 0...16_384, maxBytes: 16_384, characters: .any)
    static let labelKey = TextRule(length: 1...63, characters: .word(also: "_.-"))
    static let labelValue = TextRule(length: 0...255)
    static let attributeValue = TextRule(length: 0...256, characters: .any)
    /// Where to call the users' systems.
    static let url = TextRule(length: 1...2048, characters: .visibleASCII)
    /// What a backend tells a caller in the room.
    static let errorMessage = TextRule(
        length: 1...RPCLimits.errorMessageBytes, maxBytes: RPCLimits.errorMessageBytes, characters: .any)
    static let errorData = TextRule(
        length: 0...RPCLimits.errorDataBytes, maxBytes: RPCLimits.errorDataBytes, characters: .any)

    static let pairs = 32
    static let metadataBytes = 16_384
    static let rpcMethods = 50
    static let destinations = 100
    /// Identities that may call a method.
    static let allowedIdentities = 100
    /// Header fields that go with a handler's calls: how many, how long a value,
    /// and all together.
    static let handlerHeaders = 16
    static let headerValue = 2048
    static let handlerHeaderBytes = 16_384
    /// Webhooks that a session is made with.
    static let sessionWebhooks = 5
    /// A result, of which the caller in the room gets `RPCLimits.payloadBytes` at
    /// most: room for the backend's spaces.
    static let resultBytes = HandlerAnswer.bodyBytes

    static let waitMs = 0...60_000
    /// A call that waits until a speech was played.
    static let speechWaitMs = 0...600_000
    /// As far as every JSON reader's numbers are exact.
    static let epoch = 1...9_007_199_254_740_991
    /// Sample rates that audio is given out with.
    static let sampleRate = 8000...48_000
    static let responseTimeoutMs = 100...60_000
    /// How long a users' system may take.
    static let handlerTimeoutMs = 100...30_000
    /// How long a call is a poller's.
    static let leaseMs = 1000...60_000
    /// Calls that a poller takes at once.
    static let pollPage = 1...100
    static let errorCode = 0...Int(UInt32.max)
    /// LiveKit's own: what an application must keep away from, and what of it
    /// has a meaning.
    static let reservedErrorCodes = 1001...1999
    static let livekitErrorCodes = 1400...1505
    /// How long an old secret signs beside the new one.
    static let overlapSeconds = 0...604_800
    static let maxDurationSeconds = 0...604_800
    static let emptyTimeoutSeconds = 0...86_400
    static let preRollMs = 0...2000
    static let maxTurnMs = 1000...3_600_000
    static let tokenSeconds = 1...86_400
    static let page = 1...1000

    static let defaultPage = 100
    static let defaultPollPage = 10
    static let defaultLeaseMs = 5000
    static let defaultOverlapSeconds = 86_400
    static let defaultSessionWaitMs = 10_000
    static let defaultTokenSeconds = 3600
    static let defaultSpeechWaitMs = 600_000
    static let defaultStreamSampleRate = 16_000
    /// The longest speech.
    static let speechSeconds = 600
    /// A speech's upload: its speaker may take its time, but not fall silent.
    static let speechBody = HTTPBodyStreamLimits(
        bytes: 64 * 1024 * 1024, pause: .seconds(10), whole: .seconds(1800))
    static let defaultCallTimeoutMs = 10_000
    /// What a call may take beyond its response timeout before its caller is answered.
    static let waitBeyondTimeout = Duration.seconds(1)
}
