import Foundation

/// `openssl s_server` with a certificate of its own making for `localhost`, on a
/// free port of 127.0.0.1; it answers every request with a page about itself.
final class TLSServer {
    struct Failure: Error {
        let step: String
    }

    let port: UInt16
    let certificate: String
    private let process: Process
    private let directory: URL

    init() throws {
        directory = FileManager.default.temporaryDirectory.appendingPathComponent("turngate-tls-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        certificate = directory.appendingPathComponent("cert.pem").path
        let key = directory.appendingPathComponent("key.pem").path
        let making = try Self.openSSL([
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
            "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate,
        ])
        making.process.waitUntilExit()
        guard making.process.terminationStatus == 0 else { throw Failure(step: "certificate") }
        let serving = try Self.openSSL([
            "s_server", "-accept", "127.0.0.1:0", "-www", "-cert", certificate, "-key", key,
        ])
        process = serving.process
        let announced = Self.readPort(serving.output)
        port = announced ?? 0
        guard announced != nil else {
            stop()
            throw Failure(step: "start")
        }
    }

    /// The line "ACCEPT 127.0.0.1:port" says that it listens, and where.
    private static func readPort(_ output: FileHandle) -> UInt16? {
        var text = ""
        while true {
            // An empty piece is the end of the output.
            let piece = output.availableData
            if piece.isEmpty { return nil }
            text += String(decoding: piece, as: UTF8.self)
            let lines = text.components(separatedBy: "\n").dropLast()
            if let line = lines.first(where: { $0.hasPrefix("ACCEPT ") }) {
                return line.split(separator: ":").last.flatMap { UInt16($0) }
            }
        }
    }

    func stop() {
        // SIGTERM is ignored where the test runner's parent ignores it.
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        try? FileManager.default.removeItem(at: directory)
    }

    private static func openSSL(_ arguments: [String]) throws -> (process: Process, output: FileHandle) {
        let process = Process(), output = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        return (process, output.fileHandleForReading)
    }
}
