import Domain

extension LiveKitCore {
    /// A stream of a received track's frames: mono, 48 kHz, 20 ms. It ends when
    /// its handle or the track's is dropped.
    func openAudioStream(of track: FFIHandle) throws(RoomError) -> FFIHandle {
        let request = WireNewAudioStreamRequest.with {
            $0.trackHandle = track.id
            $0.type = .audioStreamNative
            $0.sampleRate = UInt32(AudioFrame.sampleRate)
            $0.numChannels = 1
            $0.frameSizeMs = UInt32(AudioFrame.duration.wholeMilliseconds)
            // Of 10 ms each: what may wait when the core's threads are late.
            $0.queueSizeFrames = 50
        }
        guard case .newAudioStream(let answer) = try self.request("hear a track", .newAudioStream(request)).message
        else { throw .failed("hear a track: an answer of another kind") }
        return FFIHandle(id: answer.stream.handle.id, core: self)
    }

    /// A source of mono, 48 kHz; a frame put in is done with when no more than
    /// `queue` waits.
    func makeAudioSource(queue: Duration) throws(RoomError) -> FFIHandle {
        let request = WireNewAudioSourceRequest.with {
            $0.type = .audioSourceNative
            $0.sampleRate = UInt32(AudioFrame.sampleRate)
            $0.numChannels = 1
            $0.queueSizeMs = UInt32(queue.wholeMilliseconds)
        }
        guard case .newAudioSource(let answer) = try self.request("make a source", .newAudioSource(request)).message
        else { throw .failed("make a source: an answer of another kind") }
        return FFIHandle(id: answer.source.handle.id, core: self)
    }

    func makeAudioTrack(_ name: String, from source: FFIHandle) throws(RoomError) -> FFIHandle {
        let request = WireCreateAudioTrackRequest.with {
            $0.name = name
            $0.sourceHandle = source.id
        }
        guard case .createAudioTrack(let answer) = try self.request("make a track", .createAudioTrack(request)).message
        else { throw .failed("make a track: an answer of another kind") }
        return FFIHandle(id: answer.track.handle.id, core: self)
    }
}
