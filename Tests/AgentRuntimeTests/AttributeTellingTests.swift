import Testing

@testable import AgentRuntime

/// When attributes are told, moment by moment.
struct AttributeTellingTests {
    private var telling = AttributeTelling(pace: .milliseconds(100))

    private func ms(_ count: Int) -> Duration { .milliseconds(count) }

    @Test mutating func theFirstChange_isToldAtOnce_andThoseThatFollowAsOneAtThePacesEnd() {
        #expect(telling.changed(hurried: false, at: ms(1000)) == .tell(attempt: 1))
        #expect(telling.changed(hurried: false, at: ms(1001)) == nil)
        #expect(telling.told(1, at: ms(1002)) == .wait(until: ms(1100)))
        #expect(telling.changed(hurried: false, at: ms(1050)) == .wait(until: ms(1100)))
        #expect(telling.due(at: ms(1099)) == .wait(until: ms(1100)))
        #expect(telling.due(at: ms(1100)) == .tell(attempt: 2))
        #expect(telling.told(2, at: ms(1101)) == nil)
        #expect(telling.due(at: ms(1200)) == nil)
        #expect(telling.changed(hurried: false, at: ms(1300)) == .tell(attempt: 3))
    }

    @Test mutating func whatChangesBeforeTheyAreLookedAt_isToldWithThem_andNotAgain() {
        #expect(telling.changed(hurried: false, at: ms(0)) == .tell(attempt: 1))
        #expect(telling.changed(hurried: true, at: ms(0)) == nil)
        telling.looked(1)
        #expect(telling.told(1, at: ms(1)) == nil)
        #expect(telling.changed(hurried: false, at: ms(2)) == .wait(until: ms(100)))
        #expect(telling.due(at: ms(100)) == .tell(attempt: 2))
        // Of a connection that is no more.
        telling.lost()
        #expect(telling.changed(hurried: false, at: ms(101)) == .tell(attempt: 3))
        #expect(telling.changed(hurried: false, at: ms(102)) == nil)
        telling.looked(2)
        #expect(telling.told(3, at: ms(103)) == .wait(until: ms(201)))
    }

    @Test mutating func aSlowRoom_isNotAskedTwiceAtOnce_andHearsTheLastChangeWhenItHasAnswered() {
        #expect(telling.changed(hurried: false, at: ms(0)) == .tell(attempt: 1))
        #expect(telling.changed(hurried: false, at: ms(500)) == nil)
        #expect(telling.changed(hurried: true, at: ms(600)) == nil)
        #expect(telling.hurry(at: ms(700)) == nil)
        #expect(telling.due(at: ms(800)) == nil)
        #expect(telling.told(1, at: ms(900)) == .tell(attempt: 2))
        #expect(telling.told(2, at: ms(901)) == nil)
    }

    @Test mutating func whatIsHurried_doesNotWaitForThePace_andThePaceBeginsAnew() {
        #expect(telling.changed(hurried: false, at: ms(0)) == .tell(attempt: 1))
        #expect(telling.told(1, at: ms(1)) == nil)
        #expect(telling.hurry(at: ms(2)) == nil)
        #expect(telling.changed(hurried: false, at: ms(10)) == .wait(until: ms(100)))
        #expect(telling.hurry(at: ms(20)) == .tell(attempt: 2))
        #expect(telling.told(2, at: ms(21)) == nil)
        #expect(telling.changed(hurried: true, at: ms(30)) == .tell(attempt: 3))
        #expect(telling.told(3, at: ms(31)) == nil)
        #expect(telling.changed(hurried: false, at: ms(32)) == .wait(until: ms(130)))
    }

    @Test mutating func aFailure_isTriedAgainAfterItsPause_aFewTimes_andAnewAfterTheNextChange() {
        #expect(telling.changed(hurried: false, at: ms(0)) == .tell(attempt: 1))
        for attempt in 1..<AttributeTelling.attempts {
            let now = ms(attempt * 1000)
            #expect(telling.failed(attempt, at: now) == .wait(until: now + .seconds(1)))
            #expect(telling.hurry(at: now + ms(10)) == .wait(until: now + .seconds(1)))
            #expect(telling.due(at: now + .seconds(1)) == .tell(attempt: attempt + 1))
        }
        #expect(telling.failed(AttributeTelling.attempts, at: ms(9000)) == nil)
        #expect(telling.failures == AttributeTelling.attempts)
        #expect(telling.due(at: ms(20_000)) == nil)
        #expect(telling.changed(hurried: false, at: ms(30_000)) == .tell(attempt: 6))
        #expect(telling.failures == 0)
    }

    @Test mutating func aChangeAfterAFailure_waitsThePauseOut_andIsTriedAsOftenAsAnyOther() {
        #expect(telling.changed(hurried: false, at: ms(0)) == .tell(attempt: 1))
        #expect(telling.failed(1, at: ms(10)) == .wait(until: ms(1010)))
        #expect(telling.changed(hurried: true, at: ms(500)) == .wait(until: ms(1010)))
        #expect(telling.failures == 0)
        #expect(telling.due(at: ms(1010)) == .tell(attempt: 2))
        #expect(telling.told(2, at: ms(1011)) == nil)
    }

    @Test mutating func aLostConnection_takesWhatWasOnItsWayWithIt_andTheNextIsToldAtOnce() {
        #expect(telling.changed(hurried: false, at: ms(0)) == .tell(attempt: 1))
        telling.lost()
        #expect(telling.changed(hurried: false, at: ms(10)) == .tell(attempt: 2))
        // The old connection's word about it comes too late to count.
        #expect(telling.failed(1, at: ms(11)) == nil)
        #expect(telling.told(1, at: ms(12)) == nil)
        #expect(telling.changed(hurried: true, at: ms(13)) == nil)
        #expect(telling.told(2, at: ms(14)) == .tell(attempt: 3))
    }

    @Test mutating func whatWasLost_isStillToBeTold() {
        #expect(telling.changed(hurried: false, at: ms(0)) == .tell(attempt: 1))
        telling.lost()
        #expect(telling.due(at: ms(5)) == .tell(attempt: 2))
    }
}
