import CLiveKitFFI
import Glibc

/// The core's C functions in Swift's terms.
///
/// `@unchecked Sendable`: holds four function addresses that nobody writes
/// after loading; the functions themselves may be called from any thread.
struct LiveKitLibrary: @unchecked Sendable {
    private let table: livekit_core_table

    init(path: String) throws(LiveKitCoreError) {
        // Overwritten by the load; the struct's function pointers are not
        // nullable, so the memory starts uninitialised rather than zeroed.
        let slot = UnsafeMutablePointer<livekit_core_table>.allocate(capacity: 1)
        defer { slot.deallocate() }
        var reason = [CChar](repeating: 0, count: 512)
        guard livekit_core_load(path, slot, &reason, reason.count) else {
            let text = reason.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
            throw .cannotLoad(path: path, reason: String(decoding: text, as: UTF8.self))
        }
        table = slot.pointee
    }

    /// Starts the core; events come to `callback` on its own threads.
    ///
    /// Unless its log is captured, the core prints errors on standard error,
    /// whole requests with their tokens and payloads among them: it is told
    /// not to, except where `RUST_LOG` is set on purpose.
    func initialize(captureLogs: Bool, callback: @convention(c) (UnsafePointer<UInt8>?, Int) -> Void) {
        if !captureLogs { setenv("RUST_LOG", "off", 0) }
        table.initialize(callback, captureLogs, "turngate", "1")
    }

    /// Makes one request and returns the encoded answer; nil when the core
    /// could not carry it out (it gives no reason but its log).
    func request(_ request: [UInt8]) -> [UInt8]? {
        var bytes: UnsafePointer<UInt8>?
        var count = 0
        let handle = request.withUnsafeBufferPointer { buffer -> UInt64 in
            guard let base = buffer.baseAddress else { return 0 }
            return table.request(base, buffer.count, &bytes, &count)
        }
        guard handle != 0 else { return nil }
        defer { _ = table.drop_handle(handle) }
        return Array(UnsafeBufferPointer(start: bytes, count: bytes == nil ? 0 : count))
    }

    /// Gives a handle back; false if the core does not know it.
    func drop(_ handle: UInt64) -> Bool { table.drop_handle(handle) }
}
