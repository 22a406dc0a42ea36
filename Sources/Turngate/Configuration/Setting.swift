/// One thing that can be set: the name of its environment variable, which is
/// also its key in a configuration file; its flag is the name in lower case.
enum Setting: String, CaseIterable, Sendable {
    case livekitURL = "LIVEKIT_URL"
    case livekitAPIKey = "LIVEKIT_API_KEY"
    case livekitAPISecret = "LIVEKIT_API_SECRET"
    case livekitLibrary = "LIVEKIT_LIB_PATH"
    case databaseURL = "DATABASE_URL"
    case listen = "TURNGATE_LISTEN"
    case apiKeys = "TURNGATE_API_KEYS"
    case apiKeysFile = "TURNGATE_API_KEYS_FILE"
    case logLevel = "TURNGATE_LOG_LEVEL"
    case logFormat = "TURNGATE_LOG_FORMAT"
    case migrate = "TURNGATE_MIGRATE"
    case docsDirectory = "TURNGATE_DOCS_DIR"
    case turnAudioMegabytes = "TURNGATE_TURN_AUDIO_MB"
    case turnAudioSeconds = "TURNGATE_TURN_AUDIO_S"
    case rateLimit = "TURNGATE_RATE_LIMIT"
    case rateBurst = "TURNGATE_RATE_BURST"
    case maxSessionsPerKey = "TURNGATE_MAX_SESSIONS_PER_KEY"
    case webhookSecret = "TURNGATE_WEBHOOK_SECRET"
    case egressAllow = "TURNGATE_EGRESS_ALLOW"

    /// What it is when nobody sets it; nil: nothing.
    var defaultValue: String? {
        switch self {
        case .listen: "127.0.0.1:8080"
        case .logLevel: "info"
        case .migrate: "check"
        case .docsDirectory: ".turngate/docs-ui"
        case .turnAudioMegabytes: "64"
        case .turnAudioSeconds: "600"
        case .rateLimit, .maxSessionsPerKey: "0"
        case .livekitURL, .livekitAPIKey, .livekitAPISecret, .livekitLibrary, .databaseURL, .apiKeys, .apiKeysFile,
            .logFormat, .rateBurst, .webhookSecret, .egressAllow:
            nil
        }
    }
}

/// Where a value came from; the first of these that has one wins.
enum SettingSource: String, Sendable {
    case flag, environment, file, `default`
}
