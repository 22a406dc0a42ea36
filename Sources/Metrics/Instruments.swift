import Synchronization

/// A value that only grows.
public final class Counter: Sendable {
    private let bits = Atomic<UInt64>(0)

    /// Adds `amount`; a negative one is ignored, since a counter never falls.
    public func increment(by amount: Double = 1) {
        guard amount >= 0 else { return }
        bits.addAsDouble(amount)
    }

    /// The sum so far, from 0.
    public var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }
}

/// A value that goes up and down.
public final class Gauge: Sendable {
    private let bits = Atomic<UInt64>(0)

    /// Replaces the value.
    public func set(_ value: Double) { bits.store(value.bitPattern, ordering: .relaxed) }
    /// Adds `amount`; a negative one takes away.
    public func add(_ amount: Double) { bits.addAsDouble(amount) }
    /// The value at this moment; 0 before the first `set` or `add`.
    public var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }
}

/// How values are spread over buckets.
public final class Histogram: Sendable {
    /// The buckets' inclusive upper bounds, ascending; `+Inf` is implied.
    public let bounds: [Double]
    private let state: Mutex<(counts: [UInt64], sum: Double)>

    init(bounds: [Double]) {
        self.bounds = bounds
        state = Mutex((Array(repeating: 0, count: bounds.count + 1), 0))
    }

    /// Takes one value, in the unit that the metric's name ends in.
    public func observe(_ value: Double) {
        let index = bounds.firstIndex { value <= $0 } ?? bounds.count
        state.withLock {
            $0.counts[index] += 1
            $0.sum += value
        }
    }

    /// The count of each bucket (not cumulated), `+Inf` last, and the sum.
    public var snapshot: (counts: [UInt64], sum: Double) { state.withLock { $0 } }

    /// 1 ms … 60 s, for durations in seconds.
    public static let secondsBuckets: [Double] = [
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
    ]
}

extension Atomic where Value == UInt64 {
    fileprivate func addAsDouble(_ amount: Double) {
        var old = load(ordering: .relaxed)
        while true {
            let new = (Double(bitPattern: old) + amount).bitPattern
            let (exchanged, original) = weakCompareExchange(expected: old, desired: new, ordering: .relaxed)
            if exchanged { return }
            old = original
        }
    }
}
