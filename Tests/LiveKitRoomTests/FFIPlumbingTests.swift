import Domain
import Testing

@testable import LiveKitRoom

struct FFIPlumbingTests {
    @Test
    func inbox_keepsOrder_andSaysWhenItOverflows() {
        let inbox = FFIInbox()
        for number in 0..<(FFIInbox.maxEvents + 3) {
            withUnsafeBytes(of: UInt32(number)) { bytes in
                bytes.withMemoryRebound(to: UInt8.self) { inbox.append($0) }
            }
        }
        let batch = inbox.take()
        #expect(batch.events.count == FFIInbox.maxEvents)
        #expect(batch.bytes == 4 * FFIInbox.maxEvents)
        #expect(batch.overflowed)
        #expect(batch.events[259] == [3, 1, 0, 0])
        withUnsafeBytes(of: UInt8(9)) { bytes in
            bytes.withMemoryRebound(to: UInt8.self) { inbox.append($0) }
        }
        let next = inbox.take()
        #expect(next.events == [[9]] && !next.overflowed)
    }

    @Test
    func reply_isSettledOnce() async {
        let reply = FFIReply()
        #expect(reply.settle(.disconnected))
        #expect(!reply.settle(.timedOut))
        let outcome = await reply.outcome(within: .seconds(60))
        #expect({ if case .disconnected = outcome { true } else { false } }())
    }

    @Test
    func reply_withoutAnAnswer_timesOut() async {
        let outcome = await FFIReply().outcome(within: .milliseconds(1))
        #expect({ if case .timedOut = outcome { true } else { false } }())
    }

    @Test
    func endedConnection_endsItsWaits_andLaterOnesAtOnce() async {
        let pending = PendingReplies()
        let (before, after) = (FFIReply(), FFIReply())
        _ = pending.insert(before)
        pending.end()
        _ = pending.insert(after)
        for reply in [before, after] {
            let outcome = await reply.outcome(within: .seconds(60))
            #expect({ if case .disconnected = outcome { true } else { false } }())
        }
    }

    @Test
    func outlet_endsOnce_withTheFirstReason() async {
        let outlet = RoomEventOutlet(capacity: 2)
        #expect(outlet.tell(.reconnecting))
        outlet.end(.roomDeleted)
        outlet.end(.clientInitiated)
        #expect(!outlet.tell(.reconnected))
        var read: [RoomEvent] = []
        for await event in outlet.events { read.append(event) }
        #expect(read == [.reconnecting, .disconnected(.roomDeleted)])
    }

    @Test
    func outlet_atItsBound_stillHasRoomForTheEnd() async {
        let full = RoomEventOutlet(capacity: 2)
        #expect(full.tell(.reconnecting) && full.tell(.reconnected))
        full.end(.roomClosed)
        var read: [RoomEvent] = []
        for await event in full.events { read.append(event) }
        #expect(read == [.reconnecting, .reconnected, .disconnected(.roomClosed)])
    }

    @Test(arguments: [("abc", 3, "abc"), ("abc", 2, "ab"), ("éé", 3, "é"), ("👩‍👩‍👧", 5, ""), ("", 0, "")])
    func cut_endsWithAWholeCharacter(text: String, limit: Int, expected: String) {
        #expect(text.cut(toBytes: limit) == expected)
    }

    @Test
    func milliseconds_areRoundedDownAndBounded() {
        #expect(Duration.microseconds(1_999).wholeMilliseconds == 1)
        #expect(Duration.seconds(-1).wholeMilliseconds == 0)
        #expect(Duration.seconds(1 << 40).wholeMilliseconds == Int64(UInt32.max))
    }
}
