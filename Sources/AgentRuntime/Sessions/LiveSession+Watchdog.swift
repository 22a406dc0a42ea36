import Domain

/// Looks whether everything is as it says it is, mends what is not, and writes
/// it down.
extension LiveSession {
    func startWatchdog() {
        watchTask = startOwn { live in
            while !Task.isCancelled {
                do { try await live.context.clock.sleep(for: live.context.limits.watchInterval) } catch { return }
                await live.look()
            }
        }
    }

    private func look() async {
        let now = context.clock.uptime
        defer { lastLook = context.clock.uptime }
        context.turnAudio.sweep()
        writeUnwrittenTurns()
        guard lifecycle.status == .active else { return }
        // When the whole process stood still, what is late is nobody's fault;
        // the next look will tell.
        guard now - lastLook < context.limits.watchInterval * 2 else { return }
        lookAtTurn()
        lookAtGates()
        lookAtSpeech()
        await lookAtFrames()
    }

    private func lookAtTurn() {
        guard let turn = turns.current, turn.status == .active else { return }
        let limit = Duration.milliseconds(session.spec.turnPolicy.maxTurnMs)
        let over = context.clock.uptime - turnStarted - limit
        guard over > context.limits.watchInterval else { return }
        let detail = "it was \(Int64(over.milliseconds)) ms over its limit; it was ended"
        report(.turnOverdue, of: turn.holder, detail, true)
        endTurn(turn.id, because: .maxTurn)
    }

    private func lookAtGates() {
        let sights = gate.sights
        let suspects = gateVerdicts.filter { verdict in
            guard verdict.identity != identityBeingEnded, let sight = sights[verdict.identity] else { return false }
            return sight.isOpen != verdict.isOpen
        }
        // Once may be news from the room that is still on its way to us.
        let wrong = suspects.first { suspectGates.contains($0.identity) }
        suspectGates = Set(suspects.map(\.identity))
        guard let wrong else { return }
        suspectGates = []
        refreshGates()
        let isHealed = gate.sights[wrong.identity]?.isOpen == wrong.isOpen
        report(.gateMismatch, of: wrong.identity, "it was set \(wrong.isOpen ? "open" : "shut") again", isHealed)
    }

    private func lookAtSpeech() {
        guard states.state == .speaking, speakingIsOurs else { return }
        let silence = context.clock.uptime - lastPush
        guard silence > context.limits.silenceBound else { return }
        let isStalled = (voice?.backlog ?? .zero) == .zero && speaking?.has(1) == false
        guard isStalled || speaking == nil else { return }
        let detail = isStalled ? "its upload stands still" : "nothing is being played"
        do throws(TurngateError) {
            // A speech that waits for its own text goes on as soon as it comes;
            // nobody is told to speak meanwhile.
            _ = try step(to: isStalled ? .thinking : .listening, cause: .observed, reason: "silent_speech")
            speechStalled = isStalled
            speakingIsOurs = isStalled
            report(.silentSpeech, of: nil, "\(detail), for \(Int64(silence.milliseconds)) ms", true)
        } catch {
            logger.error("a silent speech was not mended", metadata: ["error": "\(error)"])
        }
    }

    private func lookAtFrames() async {
        let now = context.clock.uptime
        let sights = gate.sights
        let audible = audibleTracks(sights)
        // Shut, muted or gone while something was done about it: that is over.
        for identity in silentTracks.keys.sorted() where audible[identity] == nil {
            settleSilence(of: identity, healed: false)
            silentTracks[identity] = nil
        }
        for (identity, trackSid) in audible {
            let sight = sights[identity]
            let since = max(sight?.lastFrameAt ?? .zero, sight?.openSince ?? .zero, connectedAt)
            // A track that was only just asked for, or held back until now, has
            // a way to come.
            let hasCome = sight?.lastFrameAt.map { $0 >= sight?.openSince ?? .zero } ?? false
            let bound = hasCome ? context.limits.silenceBound : context.limits.firstFrameBound
            // Frames are made up when no packets come.
            let stillness = connection?.audioStillness(of: trackSid) ?? .zero
            if now - since <= bound, stillness <= context.limits.packetBound {
                settleSilence(of: identity, healed: true)
            } else {
                await mendSilence(of: identity, trackSid, lasting: max(now - since, stillness))
            }
        }
    }

    /// The tracks of which frames should be coming, by identity.
    private func audibleTracks(_ sights: [String: AudioGate.Sight]) -> [String: String] {
        var tracks: [String: String] = [:]
        for verdict in session.gates where verdict.isOpen && sights[verdict.identity]?.isOpen == true {
            let track = speakers.first { $0.identity == verdict.identity }.flatMap(Self.track)
            if let track, !track.muted { tracks[verdict.identity] = track.trackSid }
        }
        return tracks
    }

    private func mendSilence(of identity: String, _ trackSid: String, lasting silence: Duration) async {
        if var found = silentTracks[identity] {
            found.looks += 1
            silentTracks[identity] = found
            // Taken up anew and still silent: that is not ours to mend, most
            // likely; it is tried again now and then.
            if found.looks == 5 { settleSilence(of: identity, healed: false) }
            if found.looks.isMultiple(of: 25) { await receiveAnew(trackSid) }
            return
        }
        silentTracks[identity] = SilentTrack(ms: Int64(silence.milliseconds))
        await receiveAnew(trackSid)
    }

    private func settleSilence(of identity: String, healed: Bool) {
        guard let found = silentTracks[identity] else { return }
        if healed { silentTracks[identity] = nil }
        guard !found.isReported else { return }
        silentTracks[identity]?.isReported = true
        report(.noFrames, of: identity, "nothing came for \(found.ms) ms; the track was taken up anew", healed)
    }

    private func report(_ finding: Incident.Finding, of participant: String?, _ detail: String, _ healed: Bool) {
        lastIncident += 1
        let incident = Incident(
            sessionID: id, seq: lastIncident, at: context.clock.now, finding: finding, participant: participant,
            turnID: turns.current?.id, detail: detail, healed: healed)
        context.metrics.incidents.labelled(finding.rawValue).increment()
        logger.warning(
            "watchdog", metadata: ["finding": "\(finding.rawValue)", "detail": "\(detail)", "healed": "\(healed)"])
        journal([.incident(incident)])
    }
}

/// An open gate without frames, while something is done about it.
struct SilentTrack {
    /// How long it had been silent when it was found.
    var ms: Int64
    /// How often it was looked at since.
    var looks = 0
    var isReported = false
}
