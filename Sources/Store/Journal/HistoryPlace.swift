import Domain

/// A row's place in a session's history.
struct HistoryPlace: Hashable {
    let session: SessionID
    let seq: Int64
}
