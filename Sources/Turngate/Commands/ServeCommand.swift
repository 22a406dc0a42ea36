import ArgumentParser
import Domain
import Foundation
import Logging

/// Serves until it is told to stop.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Serve the API and hold the agents, until SIGTERM or SIGINT.")

    @OptionGroup var flags: SettingFlags

    func run() async throws {
        Allocator.limitArenas()
        let settings = flags.settings
        let configuration: ServiceConfiguration
        do throws(ConfigurationProblems) {
            configuration = try ServiceConfiguration(settings)
        } catch {
            throw CommandFailure(message: "the configuration is wrong:\n  " + error.problems.joined(separator: "\n  "))
        }
        LineLogHandler.bootstrap(
            level: settings[.logLevel].flatMap(Logger.Level.init(rawValue:)) ?? .info,
            format: settings[.logFormat].flatMap(LogFormat.init(rawValue:)))
        let signals = Signals()
        let service = try await Service.start(configuration)
        await follow(signals, service, settings)
    }

    /// Rereads the keys on SIGHUP; the first stop signal ends the service in
    /// good order, a second one at once.
    private func follow(_ signals: Signals, _ service: Service, _ settings: Settings) async {
        var stopping: Task<Void, Never>?
        for await signal in signals.stream {
            switch signal {
            case .reload: service.reloadKeys(settings)
            case .stop where stopping == nil:
                stopping = Task {
                    let isClean = await service.stop()
                    Foundation.exit(isClean ? 0 : 1)
                }
            case .stop:
                service.logger.warning("stopped at once, as a second signal asked")
                Foundation.exit(130)
            }
        }
    }
}
