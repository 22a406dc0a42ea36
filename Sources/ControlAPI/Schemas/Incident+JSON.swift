import Domain

extension Incident {
    func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("session_id", sessionID.description)
            writer.member("seq", seq)
            writer.member("at", at.description)
            writer.member("finding", finding.rawValue)
            writer.member("participant", participant)
            writer.member("turn_id", turnID?.description)
            writer.member("detail", detail)
            writer.member("healed", healed)
        }
    }
}
