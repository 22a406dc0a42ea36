import Domain
import Testing

@testable import LiveKitRoom

struct TextAssemblerTests {
    private func opened(_ reader: UInt64) -> WireTextStreamOpened {
        .with {
            $0.participantIdentity = "pat"
            $0.reader.handle.id = reader
            $0.reader.info = .with { ($0.topic, $0.attributes) = ("t", ["a": "1", "b": "1"]) }
        }
    }

    private func chunk(_ reader: UInt64, _ text: String) -> WireTextStreamReaderEvent {
        .with {
            $0.readerHandle = reader
            $0.chunkReceived.content = text
        }
    }

    private func end(_ reader: UInt64, error: String? = nil) -> WireTextStreamReaderEvent {
        .with {
            $0.readerHandle = reader
            $0.eos.attributes = ["b": "2"]
            if let error { $0.eos.error.description_p = error }
        }
    }

    @Test
    func interleavedStreams_arriveEachWhole_withTheLastAttributes() {
        var texts = TextAssembler(maxBytes: 10, maxOpen: 2)
        let accepted = [texts.open(opened(1)), texts.open(opened(2)), texts.open(opened(3))]
        #expect(accepted == [true, true, false])
        let taken = [chunk(1, "ab"), chunk(2, "x"), chunk(1, "cd")].map { texts.take($0).ended }
        #expect(taken == [false, false, false])
        let first = texts.take(end(1))
        #expect(first.ended)
        #expect(first.text == RoomText(sender: "pat", topic: "t", text: "abcd", attributes: ["a": "1", "b": "2"]))
        let second = texts.take(end(2))
        #expect(second.text?.text == "x")
        #expect(texts.openReaders.isEmpty)
    }

    @Test
    func brokenAndTooLongStreams_areNotTold() {
        var texts = TextAssembler(maxBytes: 3, maxOpen: 2)
        let accepted = [texts.open(opened(1)), texts.open(opened(2))]
        #expect(accepted == [true, true])
        _ = texts.take(chunk(1, "éé"))
        _ = texts.take(chunk(2, "abc"))
        let (tooLong, broken) = (texts.take(end(1)), texts.take(end(2, error: "the sender went")))
        #expect(tooLong.text == nil && tooLong.ended)
        #expect(broken.text == nil && broken.ended)
        #expect(texts.openReaders.isEmpty)
    }
}
