import Foundation

/// What a program has left behind that was run to its end.
public struct FinishedProgram: Sendable {
    /// Its exit status; 124 where it was ended for taking too long.
    public let status: Int32
    /// What it has written to its standard output.
    public let output: Data
    /// What it has written to its standard error.
    public let errors: String

    /// Runs `arguments` (the first is the program, looked for in `PATH`) off
    /// the pool, for at most a minute. Throws where it cannot be started.
    public static func run(_ arguments: [String]) async throws -> FinishedProgram {
        try await offThePool {
            let process = Process(), output = Pipe(), errors = Pipe()
            process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            process.arguments = ["timeout", "--kill-after=1", "60"] + arguments
            process.standardInput = FileHandle.nullDevice
            process.standardOutput = output
            process.standardError = errors
            try process.run()
            return try finish(process, output.fileHandleForReading, errors.fileHandleForReading)
        }
    }

    private static func finish(
        _ process: Process, _ output: FileHandle, _ errors: FileHandle
    ) throws -> FinishedProgram {
        let said = FileReader(errors)
        let data = try output.readToEnd() ?? Data()
        let text = String(decoding: said.contents(), as: UTF8.self)
        process.waitUntilExit()
        return FinishedProgram(status: process.terminationStatus, output: data, errors: text)
    }
}
