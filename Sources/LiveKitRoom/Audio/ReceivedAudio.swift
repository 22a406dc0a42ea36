import Domain
import Synchronization

/// The audio of a room's other participants: which tracks there are, and which
/// of them are wanted. A wanted track is subscribed to whenever it is there,
/// also when it comes back after a reconnect.
final class ReceivedAudio: Sendable {
    private struct Publication {
        var identity: String
        var handle: FFIHandle
    }

    private struct State {
        var publications: [String: Publication] = [:]
        var subscriptions: [String: AudioSubscription] = [:]
        var ended = false
        /// Runs while a track is received.
        var measuring: Task<Void, Never>?
    }

    private let core: LiveKitCore
    private let pending: PendingReplies
    private let state = Mutex(State())

    init(core: LiveKitCore, pending: PendingReplies) {
        self.core = core
        self.pending = pending
    }

    // MARK: What is wanted

    /// Wants a track from here on, or gives it another sink.
    func receive(_ trackSid: String, into sink: @escaping AudioSink) throws(RoomError) {
        let (subscription, publication) = try state.withLock { (state) throws(RoomError) in
            if state.ended { throw .disconnected }
            if let known = state.subscriptions[trackSid] {
                known.replaceSink(sink)
                return (known, state.publications[trackSid])
            }
            let subscription = AudioSubscription(trackSid, core: core, sink: sink)
            state.subscriptions[trackSid] = subscription
            return (subscription, state.publications[trackSid])
        }
        if let publication { try subscription.subscribe(to: publication.handle) }
    }

    /// Wants it no more; no frame goes to its sink after the return.
    func stop(_ trackSid: String) {
        state.withLock { $0.subscriptions.removeValue(forKey: trackSid) }?.end(unsubscribing: true)
    }

    func setFlow(_ trackSid: String, isOn: Bool) throws(RoomError) {
        let subscription = try state.withLock { (state) throws(RoomError) in
            if state.ended { throw .disconnected }
            return state.subscriptions[trackSid]
        }
        guard let subscription else { throw .failed("track \(trackSid) is not being received") }
        try subscription.setFlow(isOn)
        startMeasuring()
    }

    func lag(of trackSid: String) -> Duration? {
        state.withLock { $0.subscriptions[trackSid] }?.jitterBuffer.map(AudioDelays.lag)
    }

    func stillness(of trackSid: String) -> Duration? { subscription(trackSid)?.stillness }

    /// The core's handle for a track that is received and flows.
    func trackHandle(of trackSid: String) -> UInt64? { subscription(trackSid)?.trackHandle }

    /// What the jitter buffers of the received tracks hold at the moment, the
    /// longest of them; nil when nothing is received.
    var longestJitterBuffer: Duration? {
        state.withLock { $0.subscriptions.values.compactMap(\.jitterBuffer).max() }
    }

    /// The room is being left: gives every handle back.
    func end() {
        let (subscriptions, publications, measuring) = state.withLock { state in
            defer { (state.subscriptions, state.publications, state.measuring) = ([:], [:], nil) }
            state.ended = true
            return (state.subscriptions.values, state.publications.values, state.measuring)
        }
        measuring?.cancel()
        for subscription in subscriptions { subscription.end(unsubscribing: false) }
        for publication in publications { publication.handle.drop() }
    }

    // MARK: What there is, on the pump's thread

    /// A publication that was there at the join, or has come.
    func published(_ info: WireTrackPublicationInfo, by identity: String, _ handle: FFIHandle?) {
        guard info.kind == .kindAudio, let handle else { return }
        let (subscription, kept) = state.withLock { state in
            if state.ended { return (AudioSubscription?.none, false) }
            state.publications[info.sid] = Publication(identity: identity, handle: handle)
            return (state.subscriptions[info.sid], true)
        }
        if !kept { handle.drop() }
        // Where the core refuses, the track is about to go again.
        try? subscription?.subscribe(to: handle)
    }

    func receive(_ event: WireRoomEvent.OneOf_Message, _ delivery: FFIDelivery) {
        switch event {
        case .trackPublished(let event):
            let handle = delivery.handle(event.publication.handle.id)
            published(event.publication.info, by: event.participantIdentity, handle)
        case .trackUnpublished(let event): unpublished(event.publicationSid)
        case .trackSubscribed(let event): subscribed(event.track.info.sid, delivery.handle(event.track.handle.id))
        case .trackUnsubscribed(let event): subscription(event.trackSid)?.detach()
        case .participantDisconnected(let event): left(event.participantIdentity)
        default: return
        }
    }

    /// While the core joins from the start, it sends what is asked for to the
    /// connection that is over; so it is asked again for what has not come.
    func reconnected() {
        for subscription in state.withLock({ Array($0.subscriptions.values) }) { subscription.resume() }
    }

    private func subscription(_ trackSid: String) -> AudioSubscription? {
        state.withLock { $0.subscriptions[trackSid] }
    }

    private func subscribed(_ trackSid: String, _ track: FFIHandle?) {
        guard let track, let subscription = subscription(trackSid) else { return }
        subscription.attach(track)
        startMeasuring()
    }

    private func unpublished(_ trackSid: String) {
        let publication = state.withLock { $0.publications.removeValue(forKey: trackSid) }
        subscription(trackSid)?.detach()
        publication?.handle.drop()
    }

    private func left(_ identity: String) {
        for (sid, publication) in state.withLock({ $0.publications }) where publication.identity == identity {
            unpublished(sid)
        }
    }

    // MARK: Measuring

    /// Does nothing while it goes on; ends by itself.
    private func startMeasuring() {
        state.withLock { state in
            guard !state.ended, state.measuring == nil else { return }
            state.measuring = Task { [weak self] in await self?.measure() }
        }
    }

    /// Asks for the jitter buffers' figures a few times a second, one track
    /// after the other, until none is received any more.
    private func measure() async {
        // The first figures soon, since they are waited for.
        var pause = Duration.milliseconds(250)
        while (try? await Task.sleep(for: pause)) != nil, let tracks = tracksToMeasure() {
            for (subscription, track) in tracks { await measure(subscription, track) }
            pause = .milliseconds(400)
        }
    }

    private func tracksToMeasure() -> [(AudioSubscription, UInt64)]? {
        state.withLock { state in
            let tracks = state.subscriptions.values.compactMap { each in each.trackHandle.map { (each, $0) } }
            if tracks.isEmpty { state.measuring = nil }
            return tracks.isEmpty ? nil : tracks
        }
    }

    private func measure(_ subscription: AudioSubscription, _ track: UInt64) async {
        // A track may go while it is asked about; then there is no answer.
        let outcome = try? await core.call("measure a track", timeout: .seconds(2), tie: pending) { asyncID in
            .getStats(
                .with {
                    $0.trackHandle = track
                    $0.requestAsyncID = asyncID
                })
        }
        guard case .delivered(let delivery) = outcome, case .getStats(let answer) = delivery.message else { return }
        for stats in answer.stats {
            if case .inboundRtp(let figures) = stats.stats { subscription.measured(figures) }
        }
    }
}
