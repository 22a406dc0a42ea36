import Audio
import Testing

@Suite struct WAVReaderTests {
    let sound: [Int16] = [1, -2, 300, -32_768, 32_767]

    @Test func file_isReadWithItsFormat() throws {
        var reader = WAVReader()
        #expect(reader.format == nil)
        #expect(try reader.read(WAVFixture().bytes) == sound)
        #expect(reader.format == PCMFormat(sampleRate: 16_000, channels: 1))
        #expect(reader.announcedFrames == 5)
        #expect(reader.isComplete)
        try reader.finish()
    }

    @Test func samples_areGivenAsSoonAsTheyAreThere() throws {
        let bytes = WAVFixture().bytes
        var reader = WAVReader()
        #expect(try reader.read(bytes[..<44]) == [])
        #expect(reader.format != nil)
        #expect(try reader.read(bytes[44..<47]) == [1])
        #expect(try reader.read(bytes[47..<48]) == [-2])
        #expect(!reader.isComplete)
    }

    static let shapes: [WAVFixture] = [
        WAVFixture(),
        WAVFixture(channels: 2, samples: [1, 2, 3, 4, 5, 6]),
        .extensible(),
        WAVFixture(beforeData: WAVFixture.chunk("LIST", [1, 2, 3]), afterData: WAVFixture.chunk("id3 ", [9, 9, 9])),
        WAVFixture(dataSize: 0xFFFF_FFFF, riffSize: 0xFFFF_FFFF),
    ]

    @Test(arguments: shapes)
    func pieces_cutAnywhere_giveTheSameSamples(_ fixture: WAVFixture) throws {
        let bytes = fixture.bytes
        for cut in 0...bytes.count {
            #expect(try read([Array(bytes[..<cut]), Array(bytes[cut...])]) == fixture.samples, "cut at \(cut)")
        }
        for size in [1, 2, 3, 5, 7] {
            #expect(try read(bytes.inPieces(of: size)) == fixture.samples, "pieces of \(size)")
        }
    }

    @Test func stereo_isGivenInWholeFrames() throws {
        let fixture = WAVFixture(channels: 2, samples: [1, 2, 3, 4])
        var reader = WAVReader()
        #expect(try reader.read(fixture.bytes[..<47]) == [])
        #expect(try reader.read(fixture.bytes[47..<49]) == [1, 2])
        #expect(try reader.read(fixture.bytes[49...]) == [3, 4])
        #expect(reader.announcedFrames == 2)
    }

    @Test(arguments: PCMFormat.sampleRates.filter { $0 % 8_000 == 0 } + [11_025, 22_050, 44_100])
    func sampleRates_inRange_areRead(_ rate: Int) throws {
        #expect(try read([WAVFixture(sampleRate: rate).bytes]) == sound)
    }

    @Test func longerFormats_areRead() throws {
        for count in 0...30 {
            #expect(try read([WAVFixture(formatTail: [UInt8](repeating: 0, count: count)).bytes]) == sound)
        }
    }

    /// What ffmpeg, sox and espeak-ng, and others write to a pipe.
    @Test(arguments: [
        (0xFFFF_FFFF, 0xFFFF_FFFF), (0x7FFF_F000, 0x7FFF_F024), (0x8000_0000, 0x8000_0024), (0, 36), (0, 0),
        (0, 0xFFFF_FFFF),
    ])
    func sizes_ofAStream_meanUntilTheEnd(_ dataSize: Int, _ riffSize: Int) throws {
        var reader = WAVReader()
        #expect(try reader.read(WAVFixture(dataSize: dataSize, riffSize: riffSize).bytes) == sound)
        #expect(try reader.read([7, 0]) == [7])
        #expect(reader.announcedFrames == nil)
        #expect(!reader.isComplete)
        try reader.finish()
    }

    @Test func chunksBeforeData_areSkipped() throws {
        let list = WAVFixture.chunk("LIST", Array("INFOISFT".utf8) + WAVFixture.le(5, 4) + Array("Lavf5".utf8))
        let fact = WAVFixture.chunk("fact", WAVFixture.le(5, 4))
        #expect(try read([WAVFixture(beforeData: list + fact + WAVFixture.chunk("junk", [])).bytes]) == sound)
    }

    @Test func chunksAfterData_arePassedOver() throws {
        let tag = WAVFixture.chunk("LIST", [UInt8](repeating: 65, count: 101))
        #expect(try read([WAVFixture(afterData: tag).bytes]) == sound)
    }

    @Test func headerUpToTheLimit_isRead_andNoFurther() throws {
        let limit = WAVReader.headerLimitInBytes
        let fits = WAVFixture(beforeData: WAVFixture.chunk("LIST", [UInt8](repeating: 0, count: limit - 52)))
        #expect(try read([fits.bytes]) == sound)
        let over = WAVFixture(beforeData: WAVFixture.chunk("LIST", [UInt8](repeating: 0, count: limit - 50)))
        #expect(throws: AudioDataError.headerTooLong(limitInBytes: limit)) { try read([over.bytes]) }
    }
}
