import Domain
import Foundation
import Security
import Synchronization
import TestSupport

/// A receiver of webhooks on the loopback, which keeps what it is sent and
/// answers as the test says.
final class Receiver: Sendable {
    struct Message: Sendable {
        var number: Int
        var request: LocalConnection.Request
        var id: String { request.header("webhook-id") ?? "" }
        var text: String { String(decoding: request.body, as: UTF8.self) }

        /// Throws where the signature is not by one of `secrets`.
        func verify(_ secrets: [String]) throws {
            let headers = WebhookHeaders(
                id: id, timestamp: request.header("webhook-timestamp") ?? "",
                signature: request.header("webhook-signature") ?? "")
            let now = Date(timeIntervalSince1970: Double(headers.timestamp) ?? 0)
            try StandardWebhooks.verify(
                headers, body: request.body, secrets: secrets.map { try WebhookSecret(text: $0) }, now: now)
        }
    }

    let server: LocalServer
    private let log: Log

    private final class Log: Sendable {
        let messages = Mutex<[Message]>([])

        func add(_ request: LocalConnection.Request) -> Message {
            messages.withLock { messages in
                let message = Message(number: messages.count, request: request)
                messages.append(message)
                return message
            }
        }
    }

    /// `answer` runs on a thread of the connection's own.
    init(_ answer: @escaping @Sendable (LocalConnection, Message) -> Void) throws {
        let log = Log()
        self.log = log
        server = try LocalServer.answering { connection, request in answer(connection, log.add(request)) }
    }

    /// Answers each message, by its number, with a status line.
    static func answering(
        headers: String = "", _ status: @escaping @Sendable (Int) -> String = { _ in "204 No Content" }
    ) throws -> Receiver {
        try Receiver { connection, message in connection.answer([], status: status(message.number), headers: headers) }
    }

    var url: String { server.url + "/hook?token=hidden" }
    var messages: [Message] { log.messages.withLock { $0 } }
    var ids: [String] { messages.map(\.id) }

    func stop() { server.stop() }
}

/// A door that a server's threads wait at.
final class Door: Sendable {
    private let isOpen = Mutex(false)

    func open() { isOpen.withLock { $0 = true } }

    /// Waits a minute at most.
    func pass() {
        for _ in 0..<12_000 where !isOpen.withLock({ $0 }) { usleep(5000) }
    }
}
