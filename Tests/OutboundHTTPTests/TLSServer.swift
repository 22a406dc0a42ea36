import Foundation
import TestSupport

/// `openssl s_server` with a certificate of its own making for `localhost`, on a
/// free port of 127.0.0.1; it answers every request with a page about itself.
final class TLSServer: Sendable {
    struct Failure: Error {
        let step: String
    }

    let port: UInt16
    let certificate: String
    private let process = Process()
    private let directory: URL

    /// Makes a certificate and serves with it; returns when it listens.
    static func start() async throws -> TLSServer {
        let directory = FileManager.default.temporaryDirectory
            .appendingPathComponent("turngate-tls-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let certificate = directory.appendingPathComponent("cert.pem").path
        let key = directory.appendingPathComponent("key.pem").path
        let making = try await FinishedProgram.run([
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", key,
            "-out", certificate,
        ])
        guard making.status == 0 else { throw Failure(step: "certificate") }
        return try await offThePool { try TLSServer(directory, certificate: certificate, key: key) }
    }

    private init(_ directory: URL, certificate: String, key: String) throws {
        self.directory = directory
        self.certificate = certificate
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
        process.arguments = ["s_server", "-accept", "127.0.0.1:0", "-www", "-cert", certificate, "-key", key]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let announced = Self.readPort(output.fileHandleForReading)
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
        try? FileManager.default.removeItem(at: directory)
    }
}
