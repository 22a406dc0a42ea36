/// A room's name as the room server and the store tell rooms apart: by its bytes.
/// To Swift's strings, two spellings of one text in Unicode are the same; to those
/// two they are two rooms, and access must not go from the one to the other.
struct RoomKey: Sendable, Hashable {
    private let bytes: [UInt8]

    init(_ room: String) { bytes = Array(room.utf8) }
}
