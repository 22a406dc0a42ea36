import Domain
import TestSupport
import Testing

@testable import LiveKitRoom

struct LiveKitLibraryTests {
    @Test
    func missingLibrary_isNamedWithItsPath() throws {
        let error = #expect(throws: LiveKitCoreError.self) { try LiveKitLibrary(path: "/nowhere/liblivekit_ffi.so") }
        #expect(error?.description.contains("/nowhere/liblivekit_ffi.so: cannot open") == true)
        #expect(error?.description.contains("LIVEKIT_LIB_PATH") == true)
    }

    @Test
    func libraryWithoutTheFunctions_isRefusedByTheMissingSymbol() throws {
        let error = #expect(throws: LiveKitCoreError.self) { try LiveKitLibrary(path: "libm.so.6") }
        #expect(error == .cannotLoad(path: "libm.so.6", reason: "the library has no symbol livekit_ffi_initialize"))
    }

    @Test
    func requestOnAHandleThatIsGone_isAFailure_notACrash() throws {
        let core = try RoomFixture.core()
        var request = WireReadyForRoomEventRequest()
        request.roomHandle = 1 << 40
        #expect(throws: RoomError.failed("the native core refused to test")) {
            try core.request("test", .readyForRoomEvent(request))
        }
    }

    @Test
    func panicEvent_reachesTheClosure() async throws {
        _ = try RoomFixture.core()
        let before = RoomFixture.rehearsals.load(ordering: .relaxed)
        let event = WireFfiEvent.with { $0.panic.message = RoomFixture.rehearsedPanic }
        let bytes: [UInt8] = try event.serializedBytes()
        bytes.withUnsafeBufferPointer { FFIInbox.process.append($0) }
        try await RoomFixture.eventually { RoomFixture.rehearsals.load(ordering: .relaxed) == before + 1 }
    }

    @Test
    func startingTwice_givesTheSameCore() throws {
        #expect(try RoomFixture.core() === RoomFixture.core())
    }
}
