import Domain
import Synchronization

/// One track that is wanted: brings its frames to the sink while it is there.
final class AudioSubscription: FFIReceiver {
    private struct State {
        var ended = false
        /// Whether the server is to send it.
        var flows = true
        var publication: FFIHandle?
        var track: FFIHandle?
        var stream: FFIHandle?
        var meter = JitterBufferMeter()
        var packets = PacketWatch()
    }

    private let trackSid: String
    private let core: LiveKitCore
    private let state = Mutex(State())
    /// Apart from the state, and held while the sink is called: who takes the
    /// sink away knows that no frame is on its way to it any more.
    private let sink: Mutex<AudioSink?>

    init(_ trackSid: String, core: LiveKitCore, sink: @escaping AudioSink) {
        self.trackSid = trackSid
        self.core = core
        self.sink = Mutex(sink)
    }

    func replaceSink(_ sink: @escaping AudioSink) { self.sink.withLock { $0 = sink } }

    /// The track's handle while it is subscribed to and flows.
    var trackHandle: UInt64? { state.withLock { $0.flows ? $0.track?.id : nil } }

    /// What its jitter buffer holds; nil before the first figures.
    var jitterBuffer: Duration? { state.withLock { $0.meter.mean } }

    /// How long no packet had come when that was last looked at.
    var stillness: Duration? { state.withLock { $0.flows ? $0.packets.stillness : nil } }

    func measured(_ figures: WireRtcStats.InboundRtp) {
        let inbound = figures.inbound
        state.withLock {
            $0.meter.take(delay: inbound.jitterBufferDelay, emitted: inbound.jitterBufferEmittedCount)
            $0.packets.take(figures.received.packetsReceived, at: .now)
        }
    }

    /// Asks for the track; it comes as `attach`.
    func subscribe(to publication: FFIHandle) throws(RoomError) {
        try state.withLock { (state) throws(RoomError) in
            if state.ended { return }
            state.publication = publication
            try setSubscribed(true, publication)
        }
    }

    /// Opens or closes the track at the server. The core knows the order only
    /// while it is subscribed, so `attach` repeats it.
    func setFlow(_ isOn: Bool) throws(RoomError) {
        try state.withLock { (state) throws(RoomError) in
            state.flows = isOn
            state.packets.restart()
            guard !state.ended, state.track != nil, let publication = state.publication else { return }
            try enable(isOn, publication)
            if isOn { try openStream(&state) } else { closeStream(&state) }
        }
    }

    /// Wants it no more; no frame goes to the sink after the return.
    func end(unsubscribing: Bool) {
        sink.withLock { $0 = nil }
        state.withLock { state in
            state.ended = true
            detach(&state)
            // It fails where the publication has just gone.
            if unsubscribing, let publication = state.publication { try? setSubscribed(false, publication) }
            state.publication = nil
        }
    }

    // MARK: On the pump's thread

    /// The track is there.
    func attach(_ track: FFIHandle) {
        state.withLock { state in
            detach(&state)
            guard !state.ended else { return track.drop() }
            state.track = track
            state.meter.restart()
            state.packets.restart()
            // It fails where the track has just gone again.
            if state.flows {
                try? openStream(&state)
            } else if let publication = state.publication {
                try? enable(false, publication)
            }
        }
    }

    /// The track is gone.
    func detach() { state.withLock { detach(&$0) } }

    /// The connection is back; asks again for the track where it is not.
    func resume() {
        state.withLock { state in
            guard !state.ended, state.track == nil, let publication = state.publication else { return }
            // It fails where the publication has gone meanwhile.
            try? setSubscribed(true, publication)
        }
    }

    func receive(_ delivery: FFIDelivery) {
        guard case .audioStreamEvent(let event) = delivery.message, case .frameReceived(let received) = event.message,
            let frame = AudioFrame(received.frame.info)
        else { return }
        sink.withLock { $0?(frame) }
    }

    // MARK: Requests

    private func openStream(_ state: inout State) throws(RoomError) {
        guard state.stream == nil, let track = state.track else { return }
        let stream = try core.openAudioStream(of: track)
        state.stream = stream
        core.router.register(self, for: stream.id)
    }

    private func closeStream(_ state: inout State) {
        guard let stream = state.stream else { return }
        core.router.forgetReceiver(stream.id)
        stream.drop()
        state.stream = nil
    }

    private func detach(_ state: inout State) {
        closeStream(&state)
        state.track?.drop()
        state.track = nil
    }

    private func setSubscribed(_ subscribed: Bool, _ publication: FFIHandle) throws(RoomError) {
        let request = WireSetSubscribedRequest.with {
            $0.subscribe = subscribed
            $0.publicationHandle = publication.id
        }
        try core.request("subscribe to a track", .setSubscribed(request))
    }

    private func enable(_ enabled: Bool, _ publication: FFIHandle) throws(RoomError) {
        let request = WireEnableRemoteTrackPublicationRequest.with {
            $0.enabled = enabled
            $0.trackPublicationHandle = publication.id
        }
        try core.request("open or close a track", .enableRemoteTrackPublication(request))
    }
}

extension AudioFrame {
    /// Copies the samples out of the core's buffer, which lives as long as the
    /// delivery's handle; nil for anything but what was asked for.
    fileprivate init?(_ info: WireAudioFrameBufferInfo) {
        guard info.numChannels == 1, info.sampleRate == UInt32(Self.sampleRate),
            let start = UnsafePointer<Int16>(bitPattern: UInt(info.dataPtr))
        else { return nil }
        self.init(Array(UnsafeBufferPointer(start: start, count: Int(info.samplesPerChannel))))
    }
}
