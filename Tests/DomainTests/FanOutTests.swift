import Domain
import Testing

struct FanOutTests {
    private let people = ["a", "b"].map { RoomParticipant(identity: $0, sid: "PA_\($0)") }

    @Test func everyOrderOfTwoOutcomesEach_leavesTheFirstStanding_andOneLineEach() {
        let outcomes: [(String, Result<String, RPCError>)] = [
            ("a", .success("1")), ("a", .failure(RPCError(.responseTimeout))), ("b", .success("2")),
            ("b", .failure(RPCError(.recipientDisconnected))),
        ]
        for order in permutations(of: [0, 1, 2, 3]) {
            var fanOut = FanOut(destinations: .all, present: people)
            var firsts: [String: Result<String, RPCError>] = [:]
            for index in order {
                let (identity, result) = outcomes[index]
                let isFirst = firsts[identity] == nil
                #expect(fanOut.settle(identity, result, latency: .zero) == isFirst)
                if isFirst { firsts[identity] = result }
            }
            #expect(fanOut.isComplete && fanOut.recipients.count == 2)
            for line in fanOut.recipients {
                if case .success(let text) = firsts[line.identity] {
                    #expect(line.response == text && line.error == nil)
                }
                if case .failure(let error) = firsts[line.identity] {
                    #expect(line.response == nil && line.error == error)
                }
            }
        }
    }

    @Test func nobodyThere_isCompleteAtOnce() {
        #expect(FanOut(destinations: .all, present: []).isComplete)
        #expect(FanOut(destinations: .identities([]), present: people).isComplete)
    }

    @Test(arguments: RPCError.Code.allCases)
    func everyCodeOfLiveKit_hasItsOutcome(code: RPCError.Code) {
        let expected: RecipientOutcome =
            switch code {
            case .unsupportedMethod: .unsupported
            case .recipientNotFound: .absent
            case .connectionTimeout, .responseTimeout: .timeout
            case .recipientDisconnected: .disconnected
            default: .failed
            }
        #expect(RecipientOutcome(error: RPCError(code)) == expected)
    }

    @Test func aResponse_isTakenUpToTheLimit_andBeyondItIsNone() {
        var fanOut = FanOut(destinations: .all, present: people)
        let longest = String(repeating: "é", count: RPCLimits.payloadBytes / 2)
        fanOut.settle("a", .success(longest), latency: .zero)
        fanOut.settle("b", .success(longest + "x"), latency: .seconds(1))
        #expect(
            fanOut.recipients == [
                RecipientReceipt(identity: "a", outcome: .acknowledged, response: longest, latency: .zero),
                RecipientReceipt(
                    identity: "b", outcome: .failed, error: RPCError(.responsePayloadTooLarge), latency: .seconds(1)),
            ])
        #expect(fanOut.isComplete)
    }

    /// One, two, three and four bytes a character; the odd byte before makes
    /// the limit fall inside of one.
    @Test(arguments: ["x", "é", "€", "😀"])
    func anErrorsTexts_areCutAtTheirLimits_betweenCharacters(character: String) throws {
        var fanOut = FanOut(destinations: .all, present: people)
        let text = "y" + String(repeating: character, count: RPCLimits.errorDataBytes)
        fanOut.settle("a", .failure(RPCError(code: 7, message: text, data: text)), latency: .zero)
        let error = try #require(fanOut.recipients[0].error)
        #expect(error.code == 7)
        for (cut, limit) in [
            (error.message, RPCLimits.errorMessageBytes), (error.data ?? "", RPCLimits.errorDataBytes),
        ] {
            #expect(text.hasPrefix(cut))
            #expect(cut.count == 1 + (limit - 1) / character.utf8.count)
        }
        let whole = RPCError(code: 8, message: "m", data: nil)
        fanOut.settle("b", .failure(whole), latency: .zero)
        #expect(fanOut.recipients[1].error == whole)
    }

    private func permutations(of items: [Int]) -> [[Int]] {
        guard items.count > 1 else { return [items] }
        return items.flatMap { first in permutations(of: items.filter { $0 != first }).map { [first] + $0 } }
    }
}
