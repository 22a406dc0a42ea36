import ArgumentParser
import Foundation
import Security

/// Prints what is in force and everything that is wrong with it.
struct CheckConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check-config",
        abstract: "Print the settings in force, secrets masked, and what is wrong with them.")

    @OptionGroup var flags: SettingFlags

    func run() throws {
        let settings = flags.settings
        for setting in Setting.allCases { print(Self.line(setting, settings)) }
        do throws(ConfigurationProblems) {
            let configuration = try ServiceConfiguration(settings)
            print("ok")
            if configuration.keys == nil {
                print("note: no API keys; whoever reaches \(settings[.listen] ?? "") may do everything")
            }
        } catch {
            for problem in error.problems { print("problem: \(problem)") }
            throw ExitCode(1)
        }
    }

    private static func line(_ setting: Setting, _ settings: Settings) -> String {
        let name = setting.rawValue.padding(toLength: 32, withPad: " ", startingAt: 0)
        guard let entry = settings.entry(setting) else { return "\(name)(not set)" }
        return "\(name)\(masked(setting, entry.value))  [\(entry.source.rawValue)]"
    }

    private static func masked(_ setting: Setting, _ value: String) -> String {
        switch setting {
        case .livekitAPISecret: SecretMask.placeholder
        case .webhookSecret:
            value.split(separator: ",", omittingEmptySubsequences: false).map { _ in
                WebhookSecret.prefix + SecretMask.placeholder
            }.joined(separator: ",")
        case .apiKeys: SecretMask.maskAPIKeys(value)
        case .databaseURL, .livekitURL: SecretMask.mask(value)
        case .livekitAPIKey, .livekitLibrary, .listen, .apiKeysFile, .logLevel, .logFormat, .migrate, .docsDirectory,
            .turnAudioMegabytes, .turnAudioSeconds, .rateLimit, .rateBurst, .maxSessionsPerKey, .egressAllow:
            value
        }
    }
}

extension SettingFlags {
    /// These flags over the process's environment over the file.
    var settings: Settings {
        Settings(
            flags: values, environment: ProcessInfo.processInfo.environment,
            file: config.map(SettingsFile.init(path:)) ?? SettingsFile())
    }
}
