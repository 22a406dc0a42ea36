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

    static let pairs = 32
    static let metadataBytes = 16_384
    static let rpcMethods = 50
    static let destinations = 100

    static let waitMs = 0...60_000
    /// A call that waits until a speech was played.
    static let speechWaitMs = 0...600_000
    /// As far as every JSON reader's numbers are exact.
    static let epoch = 1...9_007_199_254_740_991
    /// Sample rates that audio is given out with.
    static let sampleRate = 8000...48_000
    static let responseTimeoutMs = 100...60_000
    static let maxDurationSeconds = 0...604_800
    static let emptyTimeoutSeconds = 0...86_400
    static let preRollMs = 0...2000
    static let maxTurnMs = 1000...3_600_000
    static let tokenSeconds = 1...86_400
    static let page = 1...1000

    static let defaultPage = 100
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
