import Audio

/// Everything a reader gives for pieces that come one after the other.
func read(_ pieces: [[UInt8]], with reader: some PCMReader = WAVReader()) throws(AudioDataError) -> [Int16] {
    var reader = reader
    var samples = [Int16]()
    for piece in pieces { samples += try reader.read(piece) }
    try reader.finish()
    return samples
}

extension Array {
    func inPieces(of count: Int) -> [[Element]] {
        stride(from: 0, to: self.count, by: count).map { Array(self[$0..<Swift.min($0 + count, self.count)]) }
    }
}
