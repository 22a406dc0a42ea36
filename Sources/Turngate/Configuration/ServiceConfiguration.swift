import ControlAPI
import Foundation
import HTTPServer
import Logging
import Postgres
import Security

/// The settings, understood: what `serve` starts with.
struct ServiceConfiguration: Sendable {
    enum MigrationMode: String, CaseIterable { case check, auto }

    var livekitURL: String
    var livekitAPIKey: String
    var livekitAPISecret: String
    var livekitLibrary: String
    var database: PostgresConfiguration
    var listen: HTTPListenAddress
    /// Nil: no keys; then everybody who reaches the loopback may do everything.
    var keys: APIKeyRing?
    var migration: MigrationMode
    var docsDirectory: String
    /// The kept audio of all turns, in mebibytes; 0 keeps none.
    var turnAudioMegabytes: Int
    /// For how long it is kept, in seconds.
    var turnAudioSeconds: Int
    /// How many calls a caller may make; nil: any number.
    var rateLimit: RateLimitRule?
    /// How many live sessions a key may have; nil: any number.
    var maxSessionsPerKey: Int?
    /// What calls to RPC handlers are signed with that have no secret of their
    /// own: none, one, or two during a rotation.
    var webhookSecrets: [WebhookSecret]
    /// What may be called although it is not public.
    var egressAllow: [IPNetwork]

    /// Understands all of `settings`, or throws everything that is wrong with
    /// them at once.
    init(_ settings: Settings) throws(ConfigurationProblems) {
        var reader = SettingsReader(settings)
        let url = reader.roomServerURL()
        let key = reader.required(.livekitAPIKey)
        let secret = reader.required(.livekitAPISecret)
        let database = reader.database()
        let listen = reader.listenAddress()
        let keys = reader.keys()
        let migration = reader.choice(.migrate, of: MigrationMode.self)
        let megabytes = reader.number(.turnAudioMegabytes, in: 0...16_384)
        let seconds = reader.number(.turnAudioSeconds, in: 1...86_400)
        let rateLimit = reader.rateLimit()
        let maxSessions = reader.number(.maxSessionsPerKey, in: 0...1_000_000)
        let webhookSecrets = reader.webhookSecrets()
        let egressAllow = reader.networks(.egressAllow)
        reader.checkLogging()
        reader.checkExposure(listen, keys)
        guard reader.problems.isEmpty, let url, let key, let secret, let database, let listen, let migration,
            let megabytes, let seconds, let maxSessions
        else {
            throw ConfigurationProblems(problems: reader.problems)
        }
        livekitURL = url
        livekitAPIKey = key
        livekitAPISecret = secret
        livekitLibrary = NativeLibraryPath.resolve(settings[.livekitLibrary])
        self.database = database
        self.listen = listen
        self.keys = keys
        self.migration = migration
        turnAudioMegabytes = megabytes
        turnAudioSeconds = seconds
        self.rateLimit = rateLimit
        maxSessionsPerKey = maxSessions == 0 ? nil : maxSessions
        self.webhookSecrets = webhookSecrets
        self.egressAllow = egressAllow
        docsDirectory = settings[.docsDirectory] ?? ""
    }
}

/// Everything that is wrong with the settings.
struct ConfigurationProblems: Error, Equatable {
    var problems: [String]
}

/// Where LiveKit's native core is looked for.
enum NativeLibraryPath {
    static let besideTheProject = ".turngate/lib/liblivekit_ffi.so"

    /// The path as set, else the project's own copy, else the bare name, which
    /// the loader looks for on its path.
    static func resolve(_ setting: String?) -> String {
        if let setting { return setting }
        return FileManager.default.fileExists(atPath: besideTheProject) ? besideTheProject : "liblivekit_ffi.so"
    }
}
