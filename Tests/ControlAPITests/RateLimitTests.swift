import Domain
import HTTPServer
import TestSupport
import Testing

@testable import ControlAPI

struct RateLimitTests {
    private let clock = ManualClock()

    private func harness(_ rule: RateLimitRule) throws -> APIHarness {
        try APIHarness {
            $0.rateLimit = rule
            $0.clock = clock
        }
    }

    @Test func aBurstIsTaken_thenTheRate_andEachAnswerSaysWhatIsLeft() async throws {
        let harness = try harness(RateLimitRule(perSecond: 2, burst: 5))
        for left in [4, 3, 2, 1, 0] {
            let answer = try await harness.send(.get, "/v1/sessions")
            #expect(answer.status == 200)
            #expect(try answer.header("RateLimit-Policy") == "\"default\";q=5;w=3")
            #expect(try answer.header("RateLimit") == "\"default\";r=\(left);t=\((5 - left + 1) / 2)")
        }
        let refused = try await harness.send(.get, "/v1/sessions")
        #expect(refused.status == 429)
        #expect(try refused.json()["type"] as? String == "/problems/rate-limited")
        #expect(try refused.header("Retry-After") == "1")
        #expect(try refused.header("RateLimit") == "\"default\";r=0;t=3")
        clock.advance(by: .milliseconds(500))
        #expect(try await harness.send(.get, "/v1/sessions").status == 200)
        #expect(try await harness.send(.get, "/v1/sessions").status == 429)
        clock.advance(by: .seconds(60))
        #expect(try await harness.send(.get, "/v1/sessions").header("RateLimit") == "\"default\";r=4;t=1")
    }

    @Test func callersHaveABucketEach_andOpenCallsAreNotCounted() async throws {
        let harness = try harness(RateLimitRule(perSecond: 1, burst: 1))
        #expect(try await harness.send(.get, "/v1/sessions").status == 200)
        #expect(try await harness.send(.get, "/v1/sessions").status == 429)
        #expect(try await harness.send(.get, "/v1/sessions", authorization: "Bearer reader").status == 200)
        for path in ["/healthz", "/metrics", "/docs", "/openapi.yaml", "/v1/version"] {
            let answer = try await harness.send(.get, path)
            #expect(answer.status == 200 && answer.response.headers["RateLimit"] == nil, "\(path)")
        }
        #expect(try await harness.send(.get, "/v1/sessions", authorization: "Bearer wrong").status == 401)
        // A wrong scope is a call as well.
        let other = try self.harness(RateLimitRule(perSecond: 1, burst: 1))
        #expect(try await other.send(.post, "/v1/sessions", authorization: "Bearer writer").status != 429)
        #expect(try await other.send(.post, "/v1/sessions", authorization: "Bearer writer").status == 429)
    }

    @Test func withoutALimit_nothingIsSaid() async throws {
        #expect(try await APIHarness().send(.get, "/v1/sessions").response.headers["RateLimit"] == nil)
    }

    @Test func tokensOfOneCaller_shareABucket_howeverLongTheyAreGood() throws {
        let limiter = RateLimiter(RateLimitRule(perSecond: 1, burst: 1), clock: clock)
        func ask(until end: Timestamp) throws {
            var context = RequestContext(headers: [:])
            context.caller = Caller(name: "t", scope: .admin, room: "r", expiresAt: end)
            try limiter.admit(&context)
        }
        try ask(until: FakeSessions.start)
        #expect(throws: Problem.self) { try ask(until: FakeSessions.start + .seconds(1)) }
    }

    @Test func callersRemembered_areBounded() throws {
        let limiter = RateLimiter(RateLimitRule(perSecond: 1, burst: 1), clock: clock, capacity: 10)
        for number in 0..<100 {
            var context = RequestContext(headers: [:])
            context.caller = Caller(name: "c\(number)", scope: .read)
            try limiter.admit(&context)
            #expect(limiter.count <= 10)
        }
    }

    @Test func aClockThatStandsStillOrFarAhead_givesNoMoreThanTheBurst() {
        var bucket = TokenBucket(RateLimitRule(perSecond: 10, burst: 3), at: .seconds(5))
        var taken = (0..<10).filter { _ in bucket.take(at: .seconds(5)).isAllowed }
        #expect(taken.count == 3)
        #expect(!bucket.take(at: .seconds(4)).isAllowed)
        taken = (0..<10).filter { _ in bucket.take(at: .seconds(1_000_000)).isAllowed }
        #expect(taken.count == 3)
    }
}
