import CMicrohttpd

/// A body that libmicrohttpd reads where it lies: an answer that many ask for is
/// not copied for each of them. An array's elements stay in their place as long
/// as somebody holds the array and nobody changes it.
final class HeldBytes {
    private let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// libmicrohttpd's response, which holds the bytes until it is destroyed.
    func response() -> OpaquePointer? {
        let start = bytes.withUnsafeBytes { UnsafeMutableRawPointer(mutating: $0.baseAddress) }
        let context = Unmanaged.passRetained(self)
        let made = MHD_create_response_from_buffer_with_free_callback_cls(
            bytes.count, start, release, context.toOpaque())
        if made == nil { context.release() }
        return made
    }
}

private func release(_ context: UnsafeMutableRawPointer?) {
    guard let context else { return }
    Unmanaged<HeldBytes>.fromOpaque(context).release()
}
