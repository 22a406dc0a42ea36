import ArgumentParser

/// Prints what this build is.
struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "version", abstract: "Print the version.")

    func run() {
        print("turngate \(BuildVersion.text) (LiveKit native core of livekit \(BuildVersion.nativeCore))")
    }
}
