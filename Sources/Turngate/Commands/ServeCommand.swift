import ArgumentParser
import Domain
import Foundation
import HTTPServer
import Logging
import Synchronization

/// Serves until it is told to stop.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Serve the API and hold the agents, until SIGTERM or SIGINT.")

    @OptionGroup var flags: SettingFlags

    func run() async throws {
        Allocator.set()
        OtherPrograms.hide()
        // Thousands of event streams, and connections beside them.
        DescriptorLimit.raise(to: 16_384)
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
        let running = RunningService()
        Task { await Self.follow(signals, running, settings) }
        running.set(try await Service.start(configuration))
        // The signals end the process.
        while true { try await Task.sleep(for: .seconds(86_400)) }
    }

    /// Rereads the keys on SIGHUP; the first stop signal ends the service in
    /// good order, a second one (or one that comes before it is up) at once.
    private static func follow(_ signals: Signals, _ running: RunningService, _ settings: Settings) async {
        var isStopping = false
        for await signal in signals.stream {
            let service = running.service
            switch signal {
            case .reload: service?.reloadKeys(settings)
            case .stop where isStopping:
                service?.logger.warning("stopped at once, as a second signal asked")
                Foundation.exit(130)
            case .stop:
                isStopping = true
                guard let service else { Foundation.exit(0) }
                Task { Foundation.exit(await service.stop() ? 0 : 1) }
            }
        }
    }
}

/// The service once it is up.
private final class RunningService: Sendable {
    private let state = Mutex<Service?>(nil)
    var service: Service? { state.withLock { $0 } }
    func set(_ service: Service) { state.withLock { $0 = service } }
}
