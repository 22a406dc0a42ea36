import Domain

/// One caller among all, told apart by bytes.
struct CallerKey: Sendable, Hashable {
    private let room: RoomKey?
    private let name: [UInt8]

    init(_ caller: Caller) {
        room = caller.room.map(RoomKey.init)
        name = Array(caller.name.utf8)
    }
}
