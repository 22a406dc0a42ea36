/// One event of the core on its way to whoever waits for it, with the handles
/// that it brought. What the receiver does not keep is given back when the
/// delivery goes, so an event that nobody wants leaks nothing.
struct FFIDelivery: Sendable {
    let message: WireFfiEvent.OneOf_Message
    private let handles: [FFIHandle]

    init(_ message: WireFfiEvent.OneOf_Message, core: LiveKitCore) {
        self.message = message
        handles = message.ownedHandles.map { FFIHandle(id: $0, core: core) }
    }

    /// The handle with this id, for the receiver to keep.
    func handle(_ id: UInt64) -> FFIHandle? { handles.first { $0.id == id } }
}

/// Takes the events of one room, in order, on the pump's thread; must not
/// block.
protocol FFIReceiver: AnyObject, Sendable {
    func receive(_ delivery: FFIDelivery)
}
