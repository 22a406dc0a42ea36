import ArgumentParser
import Domain
import Foundation

/// Makes a LiveKit access token, as `POST …/participant-tokens` does, for
/// trying a room out by hand.
struct TokenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Print a LiveKit access token for a participant.",
        discussion: "Needs LIVEKIT_API_KEY and LIVEKIT_API_SECRET; the token goes to standard output alone.")

    @OptionGroup var flags: SettingFlags
    @Option(help: "The room to join.")
    var room: String
    @Option(help: "Who joins.")
    var identity: String
    @Option(help: "The display name.")
    var name = ""
    @Option(help: ArgumentHelp("How long it is good for, 1…86400.", valueName: "seconds"))
    var ttl = 3600
    @Flag(help: "The participant may not publish.")
    var noPublish = false
    @Flag(help: "The participant may not subscribe.")
    var noSubscribe = false

    func validate() throws {
        guard !room.isEmpty, room.utf8.count <= 128 else { throw ValidationError("--room must have 1 to 128 bytes") }
        guard !identity.isEmpty, identity.utf8.count <= 128 else {
            throw ValidationError("--identity must have 1 to 128 bytes")
        }
        guard (1...86_400).contains(ttl) else { throw ValidationError("--ttl must be 1 to 86400 seconds") }
    }

    func run() throws {
        let settings = flags.settings
        guard let key = settings[.livekitAPIKey], let secret = settings[.livekitAPISecret] else {
            throw ValidationError("LIVEKIT_API_KEY and LIVEKIT_API_SECRET must be set")
        }
        let issuer = LiveKitTokens(url: settings[.livekitURL] ?? "", apiKey: key, apiSecret: secret)
        let request = ParticipantTokenRequest(
            room: room, identity: identity, name: name, attributes: [:], canPublish: !noPublish,
            canSubscribe: !noSubscribe, timeToLive: .seconds(ttl))
        print(try issuer.issue(request, now: SystemClock().now).token)
    }
}
