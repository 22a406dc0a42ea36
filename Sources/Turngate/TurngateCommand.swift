import ArgumentParser

/// The executable: `turngate serve | migrate | token | check-config | version`.
@main
struct TurngateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "turngate",
        abstract: "The turn-taking control plane for LiveKit voice agents.",
        discussion: "Every setting is an environment variable, a flag of each command and a line of the file that "
            + "--config names; 'turngate check-config' shows what is in force.",
        version: BuildVersion.text,
        subcommands: [
            ServeCommand.self, MigrateCommand.self, TokenCommand.self, CheckConfigCommand.self, VersionCommand.self,
        ])
}
