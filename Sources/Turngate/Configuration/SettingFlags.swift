import ArgumentParser

/// The flags, one per setting. Flags win over the environment, which wins
/// over the file. A secret in a flag shows in the process list: prefer the
/// environment for those.
struct SettingFlags: ParsableArguments {
    @Option(
        help: ArgumentHelp("A file of NAME=value lines with the names of the environment variables.", valueName: "file")
    )
    var config: String?

    @Option(name: .customLong("livekit-url"), help: "The room server, ws:// or wss:// (LIVEKIT_URL).")
    var livekitURL: String?
    @Option(name: .customLong("livekit-api-key"), help: "Its API key (LIVEKIT_API_KEY).")
    var livekitAPIKey: String?
    @Option(name: .customLong("livekit-api-secret"), help: "Its API secret (LIVEKIT_API_SECRET).")
    var livekitAPISecret: String?
    @Option(name: .customLong("livekit-lib-path"), help: "LiveKit's native core (LIVEKIT_LIB_PATH).")
    var livekitLibrary: String?
    @Option(name: .customLong("database-url"), help: "A libpq connection string or URI (DATABASE_URL).")
    var databaseURL: String?
    @Option(help: "ADDRESS:PORT, [IPV6]:PORT or unix:PATH (TURNGATE_LISTEN).")
    var listen: String?
    @Option(name: .customLong("api-keys"), help: "name=scope:secret, commas between (TURNGATE_API_KEYS).")
    var apiKeys: String?
    @Option(
        name: .customLong("api-keys-file"), help: "The same, one a line; reread on SIGHUP (TURNGATE_API_KEYS_FILE).")
    var apiKeysFile: String?
    @Option(
        name: .customLong("log-level"),
        help: "trace, debug, info, notice, warning, error, critical (TURNGATE_LOG_LEVEL).")
    var logLevel: String?
    @Option(name: .customLong("log-format"), help: "text or json (TURNGATE_LOG_FORMAT).")
    var logFormat: String?
    @Option(help: "check: refuse a schema that is behind; auto: migrate at the start (TURNGATE_MIGRATE).")
    var migrate: String?
    @Option(name: .customLong("docs-dir"), help: "The files of the /docs viewer (TURNGATE_DOCS_DIR).")
    var docsDirectory: String?
    @Option(
        name: .customLong("turn-audio-mb"),
        help: "Memory for the turns' audio that policies want kept (TURNGATE_TURN_AUDIO_MB).")
    var turnAudioMegabytes: String?
    @Option(name: .customLong("turn-audio-s"), help: "For how long it is kept, in seconds (TURNGATE_TURN_AUDIO_S).")
    var turnAudioSeconds: String?
    @Option(name: .customLong("rate-limit"), help: "Calls a second and key, 0: any (TURNGATE_RATE_LIMIT).")
    var rateLimit: String?
    @Option(
        name: .customLong("rate-burst"), help: "Calls at once after a pause; twice the limit (TURNGATE_RATE_BURST).")
    var rateBurst: String?
    @Option(
        name: .customLong("max-sessions-per-key"),
        help: "Live sessions that a key may have, 0: any (TURNGATE_MAX_SESSIONS_PER_KEY).")
    var maxSessionsPerKey: String?
    @Option(
        name: .customLong("webhook-secret"),
        help: "whsec_…, one or two with a comma: signs calls to RPC handlers (TURNGATE_WEBHOOK_SECRET).")
    var webhookSecret: String?
    @Option(
        name: .customLong("egress-allow"),
        help: "Networks, commas between, that calls going out may reach though not public (TURNGATE_EGRESS_ALLOW).")
    var egressAllow: String?

    /// What was given, by setting.
    var values: [Setting: String] {
        let all: [Setting: String?] = [
            .livekitURL: livekitURL, .livekitAPIKey: livekitAPIKey, .livekitAPISecret: livekitAPISecret,
            .livekitLibrary: livekitLibrary, .databaseURL: databaseURL, .listen: listen, .apiKeys: apiKeys,
            .apiKeysFile: apiKeysFile, .logLevel: logLevel, .logFormat: logFormat, .migrate: migrate,
            .docsDirectory: docsDirectory, .turnAudioMegabytes: turnAudioMegabytes,
            .turnAudioSeconds: turnAudioSeconds, .rateLimit: rateLimit, .rateBurst: rateBurst,
            .maxSessionsPerKey: maxSessionsPerKey, .webhookSecret: webhookSecret, .egressAllow: egressAllow,
        ]
        return all.compactMapValues { $0 }
    }
}
