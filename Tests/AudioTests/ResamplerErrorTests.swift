import Testing

@testable import Audio

@Suite struct ResamplerErrorTests {
    @Test func refusalOfTheLibrary_isPassedOnInItsWords() {
        let error = #expect(throws: ResamplerError.self) {
            _ = try ResamplerState(from: 8_000, to: 48_000, quality: 11)
        }
        #expect(error == .library("Invalid argument."))
    }

    @Test func missingMemory_isAnErrorOfItsOwn() {
        #expect(ResamplerError(code: 1) == .outOfMemory)
        #expect(ResamplerError.outOfMemory.description == "there is no memory for the resampler")
    }
}
