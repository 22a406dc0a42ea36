import Foundation
import Synchronization

/// A child process of a test that talks in lines on its standard output. It
/// dies with the test process, whatever happens to that.
public final class LineProcess: Sendable {
    private struct Output {
        var lines: [String] = []
        var ended = false
    }

    private let process: Process
    private let input: FileHandle
    private let output = Mutex(Output())

    /// The child's process id.
    public var pid: Int32 { process.processIdentifier }
    /// False once the child has ended, for whatever reason.
    public var isRunning: Bool { process.isRunning }

    /// Starts `arguments` (the first is the executable's path) in `directory`
    /// with `environment` added to the test's own.
    public init(_ arguments: [String], directory: String, environment: [String: String] = [:]) async throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/setpriv")
        process.arguments = ["--pdeathsig", "KILL"] + arguments
        process.currentDirectoryURL = URL(fileURLWithPath: directory)
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let standardInput = Pipe()
        let standardOutput = Pipe()
        process.standardInput = standardInput
        process.standardOutput = standardOutput
        self.process = process
        input = standardInput.fileHandleForWriting
        try await SpawningThread.shared.run { try process.run() }
        let reader = Thread { [self] in read(standardOutput.fileHandleForReading) }
        reader.start()
    }

    private func read(_ handle: FileHandle) {
        var rest = Data()
        while true {
            let chunk = handle.availableData
            guard !chunk.isEmpty else { break }
            rest += chunk
            while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                let line = String(decoding: rest[rest.startIndex..<end], as: UTF8.self)
                rest = Data(rest[rest.index(after: end)...])
                output.withLock { $0.lines.append(line) }
            }
        }
        output.withLock { $0.ended = true }
    }

    /// Writes one line to its standard input.
    public func send(_ line: String) throws { try input.write(contentsOf: Data((line + "\n").utf8)) }

    /// Takes the first unread line that `matches`, waiting for it at most
    /// `timeout`; earlier lines stay for later calls.
    public func line(
        within timeout: Duration = .seconds(60), where matches: @Sendable (String) -> Bool = { _ in true }
    ) async throws -> String {
        let deadline = ContinuousClock.now + timeout
        while true {
            let (line, ended) = output.withLock { output -> (String?, Bool) in
                guard let index = output.lines.firstIndex(where: matches) else { return (nil, output.ended) }
                return (output.lines.remove(at: index), false)
            }
            if let line { return line }
            if ended { throw await ending() }
            if ContinuousClock.now > deadline { throw LineProcessError.silent }
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    /// How it ended, once its output has.
    private func ending() async -> LineProcessError {
        let deadline = ContinuousClock.now + .seconds(5)
        while process.isRunning {
            if ContinuousClock.now > deadline { return .ended(status: nil) }
            try? await Task.sleep(for: .milliseconds(5))
        }
        return .ended(status: process.terminationStatus)
    }

    /// Sends `signal` to the process, by its own id.
    public func signal(_ signal: Int32) {
        if process.isRunning { kill(pid, signal) }
    }

    /// Asks it to end, and kills it if it has not within `patience`.
    public func stop(patience: Duration = .seconds(5)) async {
        try? input.close()
        signal(SIGTERM)
        let deadline = ContinuousClock.now + patience
        while process.isRunning {
            if ContinuousClock.now > deadline { signal(SIGKILL) }
            try? await Task.sleep(for: .milliseconds(5))
        }
    }

    deinit { signal(SIGKILL) }
}

/// Why a child process did not say what was waited for.
public enum LineProcessError: Error, Sendable, Equatable {
    /// It has ended: its exit status, or the signal that killed it; nil if it
    /// only closed its output.
    case ended(status: Int32?)
    /// It has not said it in time.
    case silent
}
