import Testing

/// Parent of all suites that use the native core: it is one per process, and
/// the count of its handles is too, so they run one after the other.
@Suite(.serialized)
enum LiveKitRoomTests {}
