import Foundation
import TestSupport
import Testing

@testable import Security

/// The `standardwebhooks` package of PyPI, asked through Python.
struct WebhookPeer {
    struct Verification: Encodable {
        var secret: String
        var id: String
        var timestamp: String
        var signature: String
        var body: Data

        init(_ headers: WebhookHeaders, body: [UInt8], secret: WebhookSecret) {
            self.secret = secret.text
            id = headers.id
            timestamp = headers.timestamp
            signature = headers.signature
            self.body = Data(body)
        }
    }

    struct Signing: Encodable {
        var secret: String
        var id: String
        var timestamp: Int
        var body: Data
    }

    struct Answer: Decodable {
        var accepted: [Bool]
        var signatures: [String]
    }

    private struct Work: Encodable {
        var verify: [Verification]
        var sign: [Signing]
    }

    static func ask(verify: [Verification] = [], sign: [Signing] = []) async throws -> Answer {
        let file = FileManager.default.temporaryDirectory
            .appendingPathComponent("turngate-webhooks-\(UUID().uuidString).json")
        try JSONEncoder().encode(Work(verify: verify, sign: sign)).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let script = TestTools.root + "/Tests/SecurityTests/Peers/standard_webhooks.py"
        let run = try await FinishedProgram.run([TestTools.python, script, file.path])
        try #require(run.status == 0, "\(run.errors)")
        let answer = try JSONDecoder().decode(Answer.self, from: run.output)
        try #require(answer.accepted.count == verify.count && answer.signatures.count == sign.count)
        return answer
    }
}
