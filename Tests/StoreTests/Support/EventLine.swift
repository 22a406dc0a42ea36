import Domain
import Foundation
import Store

/// An event's envelope, as its JSON says.
struct EventLine: Decodable, Equatable {
    var id: String
    var type: String
    var session_id: String
    var room: String
    var seq: Int
    var at: String
    var trace_id: String?
    var data: [String: Value]

    /// What the tests' events hold.
    enum Value: Decodable, Equatable {
        case text(String)
        case number(Int)
        case other

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let text = try? container.decode(String.self) {
                self = .text(text)
            } else if let number = try? container.decode(Int.self) {
                self = .number(number)
            } else {
                self = .other
            }
        }
    }

    init(_ event: StoredEvent) throws {
        self = try JSONDecoder().decode(EventLine.self, from: Data(event.json))
    }
}

extension StoreFixture {
    /// The first thousand events of `scope`.
    func events(_ scope: EventScope = .everything, types: [EventType] = []) async throws -> [EventLine] {
        try await log.events(EventQuery(scope: scope, types: types)).map { try EventLine($0) }
    }
}
