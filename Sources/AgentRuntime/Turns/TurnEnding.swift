import Domain

/// A turn on its way to its outcome, for those who wait for it; lives on its
/// session's actor.
final class TurnEnding {
    /// The turn with its outcome; nil until then.
    var turn: Turn?
    /// Open when there is one.
    let done = Latch()
}
