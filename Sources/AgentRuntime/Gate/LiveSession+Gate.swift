import Domain
import Foundation

/// Who is heard: the rules carried out at the gate, shown, and told.
extension LiveSession {
    /// The participants who could be heard, in the order they came.
    var speakers: [RoomParticipant] { (connection?.remoteParticipants ?? []).filter { $0.kind.takesTurns } }

    /// The one track of a participant that is listened to.
    static func track(of participant: RoomParticipant) -> AudioPublication? { participant.audio.first }

    /// How far a participant's audio lags behind its calls.
    func lag(of identity: String) -> Duration {
        let track = speakers.first { $0.identity == identity }.flatMap(Self.track)
        return track.flatMap { connection?.audioLag(of: $0.trackSid) } ?? context.limits.assumedLag
    }

    /// Brings every gate to where hand, policy and floor want it, and shows and
    /// tells what changed.
    func refreshGates() {
        followTracks()
        let verdicts = gateVerdicts
        let sights = gate.sights
        for verdict in verdicts where verdict.identity != identityBeingEnded && verdict.identity != openingHolder {
            guard let sight = sights[verdict.identity], sight.isOpen != verdict.isOpen else { continue }
            if verdict.isOpen {
                gate.open(verdict.identity, AudioGate.Opening(lag: .zero, preRoll: .zero))
            } else {
                gate.shut(verdict.identity, lag: lag(of: verdict.identity))
            }
        }
        session.gates = verdicts
        session.audioInput = lifecycle.status.isWorking && connection != nil ? rules.input : unavailableInput
        publish()
        tellWhoIsHeard(verdicts.filter(\.isOpen).map(\.identity))
        syncAudio()
    }

    private var unavailableInput: AudioInput {
        AudioInput(enabled: false, reason: .unavailable, since: session.audioInput.since)
    }

    /// What the rules say, without a look at the gate.
    var gateVerdicts: [ParticipantGate] {
        speakers.map {
            rules.gate(
                of: $0.identity, holder: turns.current?.holder,
                hasTrack: lifecycle.status.isWorking && Self.track(of: $0) != nil)
        }
    }

    /// The holder whose last words are being waited for: its gate shuts by itself.
    var identityBeingEnded: String? { turns.current.flatMap { $0.status == .ending ? $0.holder : nil } }

    private func followTracks() {
        let present = speakers
        for participant in present {
            if let track = Self.track(of: participant) {
                gate.add(participant.identity, trackSid: track.trackSid)
                if track.muted { gate.noteMuted(participant.identity) }
            } else {
                gate.remove(participant.identity)
            }
        }
        for identity in gate.sights.keys where !present.contains(where: { $0.identity == identity }) {
            gate.remove(identity)
        }
    }

    /// The gate by hand.
    func setAudioInput(_ change: AudioInputChange) throws(TurngateError) -> AudioInputReport {
        try requireWorking()
        for identity in change.participants ?? [] where !speakers.contains(where: { $0.identity == identity }) {
            throw .conflict(.turn(.participantAbsent(identity)))
        }
        rules.set(change, at: context.clock.now)
        refreshGates()
        return audioInputReport
    }

    /// How the gate stands, and who reads.
    var audioInputReport: AudioInputReport {
        AudioInputReport(input: session.audioInput, participants: session.gates, readers: gate.readerReports)
    }

    /// A new reader of what passes.
    func readAudio(participant: String?) throws(TurngateError) -> any AudioReading {
        try requireWorking()
        let now = context.clock.now
        let limit = context.limits.readers
        guard
            let reader = gate.addReader(ReaderID(at: now), participant: participant, since: now, limit: limit)
        else { throw .overloaded("a session has at most \(limit) readers of its audio at once") }
        return reader
    }

    // MARK: Telling

    private func tellWhoIsHeard(_ heard: [String]) {
        guard heard != heardIdentities else { return }
        context.metrics.gatesOpen.add(Double(heard.count - heardIdentities.count))
        tellGates(session.gates, before: heardIdentities)
        heardIdentities = heard
        guard lifecycle.status.isWorking else { return }
        publishAttributes()
        let news = GateNews(
            heard: heard, agentState: states.state.rawValue, turnID: turns.current?.id.description,
            epoch: turns.current?.epoch)
        do {
            gateNews.append(Array(try JSONEncoder().encode(news)))
        } catch {
            return logger.error("gate news not encoded", metadata: ["error": "\(error)"])
        }
        // Each says all of it, so an old one that could not be sent is no loss.
        if gateNews.count > 64 { gateNews.removeFirst() }
        startGateNews()
    }

    private func startGateNews() {
        guard gateNewsTask == nil, !gateNews.isEmpty else { return }
        gateNewsTask = startOwn { await $0.sendGateNews() }
    }

    /// The room is back: of what could not be told, the last is still true.
    func tellGateNewsAgain() {
        gateNews = gateNews.suffix(1)
        startGateNews()
    }

    private func sendGateNews() async {
        while !gateNews.isEmpty, lifecycle.status == .active, let connection {
            let news = gateNews.removeFirst()
            do throws(RoomError) {
                try await connection.sendData(news, topic: GateNews.topic, reliable: true, destinations: [])
            } catch {
                logger.info("gate news not sent", metadata: ["error": "\(error)"])
            }
        }
        gateNewsTask = nil
    }
}

/// What the participants are told when others are heard than before: a
/// reliable data packet with this as JSON.
struct GateNews: Encodable {
    static let topic = "turngate.gate"
    static let attribute = "turngate.gate"

    var heard: [String]
    var agentState: String
    var turnID: String?
    var epoch: Int64?

    enum CodingKeys: String, CodingKey {
        case heard, epoch
        case agentState = "agent_state"
        case turnID = "turn_id"
    }

    /// The attribute's value: the identities as a JSON array, at most a hundred
    /// of them, since all attributes together have a bound at the server.
    static func attribute(of heard: [String]) -> String {
        (try? JSONEncoder().encode(Array(heard.prefix(100)))).map { String(decoding: $0, as: UTF8.self) } ?? "[]"
    }
}
