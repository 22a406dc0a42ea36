import Domain
import Foundation
import Logging
import SwiftProtobuf
import Synchronization

/// LiveKit's native core, running in this process. There can be only one: its
/// callback carries no context, and it cannot be stopped or unloaded.
public final class LiveKitCore: Sendable {
    let library: LiveKitLibrary
    let router = FFIRouter()
    let calledOffJoins = CalledOffJoins()
    let handleCount = Atomic(0)
    /// How often a handle was given back that the core did not know.
    let strayDrops = Atomic(0)
    private let logger: Logger
    private let onPanic: @Sendable (String) -> Void

    private static let process = Mutex<LiveKitCore?>(nil)

    /// Loads and starts the core. A later call gives the running one and does
    /// nothing with its options. Throws when the library is missing or lacks a
    /// symbol.
    public static func start(_ options: LiveKitCoreOptions) throws(LiveKitCoreError) -> LiveKitCore {
        try process.withLock { (running) throws(LiveKitCoreError) -> LiveKitCore in
            if let running { return running }
            let core = try LiveKitCore(options)
            core.run(captureLogs: options.captureLogs)
            running = core
            return core
        }
    }

    /// How many of the core's objects this process holds; 0 when no room is
    /// joined.
    public var liveHandleCount: Int { handleCount.load(ordering: .relaxed) }

    private init(_ options: LiveKitCoreOptions) throws(LiveKitCoreError) {
        library = try LiveKitLibrary(path: options.libraryPath)
        logger = options.logger
        onPanic = options.onPanic
    }

    private func run(captureLogs: Bool) {
        let pump = Thread { [self] in
            while true { deliver(FFIInbox.process.take()) }
        }
        pump.name = "livekit-events"
        pump.start()
        library.initialize(captureLogs: captureLogs) { bytes, count in
            FFIInbox.process.append(UnsafeBufferPointer(start: bytes, count: bytes == nil ? 0 : count))
        }
    }

    /// Gives a handle back. One that the core does not know does no harm there,
    /// but means that ours are counted wrong.
    func giveBack(_ handle: UInt64) {
        guard !library.drop(handle) else { return }
        strayDrops.add(1, ordering: .relaxed)
        logger.error("LiveKit's core does not know a handle of ours", metadata: ["handle": "\(handle)"])
    }

    private func deliver(_ batch: FFIInbox.Batch) {
        for bytes in batch.events { deliver(bytes) }
        if batch.overflowed { onPanic("more events came than the process could take") }
    }

    private func deliver(_ bytes: [UInt8]) {
        guard let event = try? WireFfiEvent(serializedBytes: bytes, partial: true, options: Self.decoding) else {
            logger.error("an event of LiveKit's core cannot be decoded", metadata: ["bytes": "\(bytes.count)"])
            return
        }
        switch event.message {
        case nil: return
        case .panic(let lost): onPanic(lost.message)
        case .logs(let batch): batch.records.forEach { logger.log(core: $0) }
        case let message?: router.route(FFIDelivery(message, core: self))
        }
    }

    /// What we did not name in the subset is not worth keeping.
    static let decoding: BinaryDecodingOptions = {
        var options = BinaryDecodingOptions()
        options.discardUnknownFields = true
        return options
    }()
}
