import Synchronization

/// All instruments of one name, told apart by their labels' values.
public final class MetricFamily<Instrument: AnyObject & Sendable>: Sendable {
    let name: String
    let help: String
    let labelNames: [String]
    private let make: @Sendable () -> Instrument
    private let instruments = Mutex<[[String]: Instrument]>([:])

    init(name: String, help: String, labelNames: [String], make: @escaping @Sendable () -> Instrument) {
        self.name = name
        self.help = help
        self.labelNames = labelNames
        self.make = make
        if labelNames.isEmpty { _ = labelled() }
    }

    /// The instrument with these label values, in the order of the label
    /// names; made at its first use. Keep what this returns on hot paths.
    public func labelled(_ values: String...) -> Instrument {
        precondition(values.count == labelNames.count, "\(name) has the labels \(labelNames)")
        return instruments.withLock { known in
            if let instrument = known[values] { return instrument }
            let instrument = make()
            known[values] = instrument
            return instrument
        }
    }

    /// Label values and instruments, in the order of the values.
    var all: [(labels: [String], instrument: Instrument)] {
        instruments.withLock { known in
            known.map { (labels: $0.key, instrument: $0.value) }.sorted {
                $0.labels.lexicographicallyPrecedes($1.labels)
            }
        }
    }
}
