import Domain

extension LiveKitRoomConnection {
    public func receiveAudio(
        _ trackSid: String, from identity: String, into sink: @escaping AudioSink
    ) async throws(RoomError) {
        _ = try localID()
        try audio.receive(trackSid, into: sink)
    }

    public func stopReceivingAudio(_ trackSid: String) async { audio.stop(trackSid) }

    public func setAudioFlow(_ trackSid: String, isOn: Bool) async throws(RoomError) {
        _ = try localID()
        try audio.setFlow(trackSid, isOn: isOn)
    }

    public func audioLag(of trackSid: String) -> Duration? { audio.lag(of: trackSid) }

    public func audioStillness(of trackSid: String) -> Duration? { audio.stillness(of: trackSid) }

    public func openVoice(_ name: String) async throws(RoomError) -> any RoomVoice {
        let voice = try LiveKitVoice(
            name, core: core, pending: pending, participant: try localID(),
            jitterBuffer: { [audio] in audio.longestJitterBuffer },
            closed: { [voices] in voices.remove($0) })
        guard voices.insert(voice) else {
            voice.end()
            throw .failed("the agent's voice is open already, or its room is being left")
        }
        do throws(RoomError) {
            try await voice.publish()
        } catch {
            await voice.close()
            throw error
        }
        return voice
    }

    /// What the room tells about audio tracks; on the pump's thread.
    func receiveTrackEvent(_ event: WireRoomEvent.OneOf_Message, _ delivery: FFIDelivery) {
        switch event {
        case .localTrackSubscribed(let event): voices.current?.subscribed(event.trackSid)
        case .localTrackRepublished(let event):
            // The core hands the publication over without an owned handle's
            // wrapping; what no voice takes is given back.
            if voices.current?.republished(event) != true {
                FFIHandle(id: event.publicationHandle, core: core).drop()
            }
        default: audio.receive(event, delivery)
        }
    }
}
