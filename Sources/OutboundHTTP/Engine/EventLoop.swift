import CCurl
import Foundation

/// Carries out the calls: all of libcurl happens in here, on one thread.
final class EventLoop {
    /// The longest time without a look at the inbox, in milliseconds; wakes make
    /// it shorter, this only bounds what a lost one could cost.
    static let longestWait = 1000

    private let multi: MultiHandle
    private let inbox: Inbox
    private let configuration: OutboundHTTPConfiguration
    private var line: WaitingLine
    private var transfers: [UnsafeMutableRawPointer: Transfer] = [:]

    init(multi: MultiHandle, inbox: Inbox, configuration: OutboundHTTPConfiguration) {
        self.multi = multi
        self.inbox = inbox
        self.configuration = configuration
        line = WaitingLine(limitPerHost: max(1, configuration.maxInFlightPerHost))
    }

    /// Runs until the inbox is closed, then ends every call and frees everything.
    func run() {
        while true {
            let work = inbox.take()
            line.add(work.jobs)
            if work.isClosed { break }
            cancel(work.cancelled)
            expire()
            start()
            perform()
            collect()
            start()
            wait()
        }
        endAll(with: .closed)
        for job in inbox.retire() { inbox.finish(job, .failure(.closed)) }
        multi.destroy()
    }

    private func cancel(_ ids: Set<UInt64>) {
        guard !ids.isEmpty else { return }
        endWaiting(with: .cancelled, where: { ids.contains($0.id) })
        for transfer in transfers.values where ids.contains(transfer.job.id) {
            end(transfer, .failure(.cancelled))
        }
    }

    private func expire() {
        let now = ContinuousClock.now
        endWaiting(with: .timedOut(cause: nil), where: { $0.deadline <= now })
    }

    private func start() {
        for job in line.take(upTo: max(1, configuration.maxInFlight) - transfers.count) {
            do throws(OutboundError) {
                let transfer = try Transfer(job: job, configuration: configuration)
                let code = curl_multi_add_handle(multi.pointer, transfer.easy)
                guard code == CURLM_OK else { throw .failed(CurlFailure(multi: code)) }
                transfers[transfer.easy] = transfer
            } catch {
                line.ended(job)
                inbox.finish(job, .failure(error))
            }
        }
    }

    private func perform() {
        var running: Int32 = 0
        let code = curl_multi_perform(multi.pointer, &running)
        // An error of the whole engine (memory, a broken handle) says nothing
        // about which call: all of them end, and the next ones start afresh.
        if code != CURLM_OK { endAll(with: .failed(CurlFailure(multi: code))) }
    }

    private func collect() {
        var remaining: Int32 = 0
        while let message = curl_multi_info_read(multi.pointer, &remaining) {
            guard message.pointee.msg == CURLMSG_DONE, let easy = message.pointee.easy_handle,
                let transfer = transfers[easy]
            else { continue }
            end(transfer, transfer.outcome(of: turngate_curl_message_result(message)))
        }
    }

    private func wait() {
        var milliseconds = Self.longestWait
        if let next = line.nextDeadline {
            let left = (next - ContinuousClock.now) / .milliseconds(1)
            milliseconds = min(milliseconds, max(0, Int(left.rounded(.up))))
        }
        let code = curl_multi_poll(multi.pointer, nil, 0, Int32(milliseconds), nil)
        guard code != CURLM_OK else { return }
        // Without a wait this loop would spin, so a failed one costs a pause.
        endAll(with: .failed(CurlFailure(multi: code)))
        usleep(100_000)
    }

    private func end(_ transfer: Transfer, _ outcome: Job.Outcome) {
        curl_multi_remove_handle(multi.pointer, transfer.easy)
        transfers[transfer.easy] = nil
        line.ended(transfer.job)
        inbox.finish(transfer.job, outcome)
    }

    private func endWaiting(with error: OutboundError, where isMeant: (Job) -> Bool) {
        for job in line.remove(where: isMeant) { inbox.finish(job, .failure(error)) }
    }

    private func endAll(with error: OutboundError) {
        for transfer in transfers.values { end(transfer, .failure(error)) }
        endWaiting(with: error, where: { _ in true })
    }
}
