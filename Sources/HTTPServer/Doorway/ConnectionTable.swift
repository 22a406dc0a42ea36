import Synchronization

/// Every open connection, by descriptor.
final class ConnectionTable: Sendable {
    private struct State {
        var connections: [Int32: Connection] = [:]
        var perAddress: [String: Int] = [:]
    }

    private let state = Mutex(State())
    private let countsAddresses: Bool

    init(countsAddresses: Bool) {
        self.countsAddresses = countsAddresses
    }

    var count: Int { state.withLock { $0.connections.count } }

    var all: [Connection] { state.withLock { Array($0.connections.values) } }

    subscript(descriptor: Int32) -> Connection? {
        state.withLock { $0.connections[descriptor] }
    }

    /// `nil` when the connection was closed meanwhile and its descriptor may be another's.
    func connection(key: UInt64) -> Connection? {
        let connection = self[Int32(truncatingIfNeeded: key)]
        return connection?.key == key ? connection : nil
    }

    func count(of address: String) -> Int {
        state.withLock { $0.perAddress[address, default: 0] }
    }

    /// A descriptor that comes a second time was closed without our being told.
    func insert(_ connection: Connection) {
        state.withLock { state in
            if let old = state.connections.updateValue(connection, forKey: connection.descriptor) {
                count(&state, old, -1)
            }
            count(&state, connection, 1)
        }
    }

    func remove(_ connection: Connection) {
        state.withLock { state in
            guard state.connections[connection.descriptor] === connection else { return }
            state.connections[connection.descriptor] = nil
            count(&state, connection, -1)
        }
    }

    /// After the daemons' end: what was handed over and not looked at before it
    /// is closed by libmicrohttpd without a notice.
    func removeAll() {
        for connection in all {
            connection.close()
            remove(connection)
        }
    }

    private func count(_ state: inout State, _ connection: Connection, _ change: Int) {
        guard countsAddresses, let address = connection.remoteAddress else { return }
        let left = state.perAddress[address, default: 0] + change
        state.perAddress[address] = left > 0 ? left : nil
    }
}
