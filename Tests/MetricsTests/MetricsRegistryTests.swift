import Metrics
import Testing

struct MetricsRegistryTests {
    @Test func counters_areWrittenWithTheirLabels_inBothFormats() {
        let registry = MetricsRegistry()
        let family = registry.counter("turngate_calls_total", help: "Calls \"made\".", labels: ["outcome"])
        family.labelled("ok").increment()
        family.labelled("ok").increment(by: 2)
        family.labelled("a\"b\\c\n").increment()
        #expect(
            registry.text(.prometheus) == """
                # HELP turngate_calls_total Calls "made".
                # TYPE turngate_calls_total counter
                turngate_calls_total{outcome="a\\"b\\\\c\\n"} 1
                turngate_calls_total{outcome="ok"} 3

                """)
        #expect(
            registry.text(.openMetrics) == """
                # HELP turngate_calls Calls \\"made\\".
                # TYPE turngate_calls counter
                turngate_calls_total{outcome="a\\"b\\\\c\\n"} 1
                turngate_calls_total{outcome="ok"} 3
                # EOF

                """)
    }

    @Test func histograms_cumulateTheirBuckets() {
        let registry = MetricsRegistry()
        let histogram = registry.histogram("wait_seconds", help: "Waiting.", bounds: [0.5, 1]).labelled()
        for value in [0.5, 0.75, 4] { histogram.observe(value) }
        #expect(
            registry.text(.prometheus) == """
                # HELP wait_seconds Waiting.
                # TYPE wait_seconds histogram
                wait_seconds_bucket{le="0.5"} 1
                wait_seconds_bucket{le="1"} 2
                wait_seconds_bucket{le="+Inf"} 3
                wait_seconds_sum 5.25
                wait_seconds_count 3

                """)
    }

    @Test func gauges_goUpAndDown_andObservedOnesAreReadAtEachScrape() {
        let registry = MetricsRegistry()
        let gauge = registry.gauge("open", help: "Open.").labelled()
        gauge.add(3)
        gauge.add(-1)
        registry.observed("depth", help: "Depth.", labels: ["queue"]) { [(["journal"], gauge.value * 2)] }
        #expect(registry.text(.prometheus).contains("open 2\n"))
        #expect(registry.text(.prometheus).contains("depth{queue=\"journal\"} 4\n"))
        gauge.set(5)
        #expect(registry.text(.prometheus).contains("depth{queue=\"journal\"} 10\n"))
    }

    @Test func counters_countEveryIncrement_ofConcurrentTasks() async {
        let counter = MetricsRegistry().counter("c_total", help: "C.").labelled()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask { for _ in 0..<1000 { counter.increment() } }
            }
        }
        #expect(counter.value == 8000)
    }
}
