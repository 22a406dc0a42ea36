import Domain

/// Which tracks are received, and whether they flow: brought about one by one,
/// beside everything else.
extension LiveSession {
    /// A track that is (to be) received.
    struct Reception: Equatable {
        var identity: String
        /// False: held back at the room server, `closed_gate: pause`.
        var flows: Bool
    }

    /// Has the right tracks received; changes that come while one is under way
    /// are seen by it.
    func syncAudio() {
        wantedAudio = wishes
        audioFailures = 0
        guard audioTask == nil, wantedAudio != receivedAudio, connection != nil else { return }
        audioTask = startOwn { await $0.bringAudioAbout() }
    }

    private var wishes: [String: Reception] {
        guard lifecycle.status.isWorking else { return [:] }
        let isPausing = session.spec.turnPolicy.closedGate == .pause
        let heard = Set(session.gates.filter(\.isOpen).map(\.identity))
        var wishes: [String: Reception] = [:]
        for participant in speakers {
            guard let track = Self.track(of: participant) else { continue }
            let isHeard = heard.contains(participant.identity) || participant.identity == identityBeingEnded
            wishes[track.trackSid] = Reception(identity: participant.identity, flows: !isPausing || isHeard)
        }
        return wishes
    }

    private func bringAudioAbout() async {
        while wantedAudio != receivedAudio, audioFailures < 5, lifecycle.status.isWorking, let connection {
            do throws(RoomError) {
                try await bringOneAbout(at: connection)
            } catch {
                audioFailures += 1
                logger.warning(
                    "audio is not received", metadata: ["error": "\(error)", "attempt": "\(audioFailures)"])
                do { try await context.clock.sleep(for: .milliseconds(500)) } catch { break }
            }
        }
        audioTask = nil
    }

    /// Mends the first difference between what is wanted and what is.
    private func bringOneAbout(at connection: any RoomConnection) async throws(RoomError) {
        if let (trackSid, _) = receivedAudio.first(where: { wantedAudio[$0.key]?.identity != $0.value.identity }) {
            receivedAudio[trackSid] = nil
            await connection.stopReceivingAudio(trackSid)
            return
        }
        for (trackSid, wish) in wantedAudio {
            guard let have = receivedAudio[trackSid] else {
                let identity = wish.identity
                try await connection.receiveAudio(trackSid, from: identity) { [gate] frame in
                    gate.receive(frame, of: identity, trackSid: trackSid)
                }
                guard connection === self.connection else { return }
                receivedAudio[trackSid] = Reception(identity: identity, flows: true)
                return
            }
            guard have.flows != wish.flows else { continue }
            try await connection.setAudioFlow(trackSid, isOn: wish.flows)
            if connection === self.connection { receivedAudio[trackSid]?.flows = wish.flows }
            return
        }
    }

    /// Takes a track up anew, as if it had never been received; also one that could not be
    /// had at first.
    func receiveAnew(_ trackSid: String) async {
        if receivedAudio[trackSid] != nil {
            await connection?.stopReceivingAudio(trackSid)
            receivedAudio[trackSid] = nil
        }
        syncAudio()
    }
}
