import Domain

extension Webhook {
    /// The webhook as the API shows it, without its secret.
    var json: [UInt8] {
        var writer = JSONWriter(capacity: 512)
        write(to: &writer)
        return writer.bytes
    }

    func write(to writer: inout JSONWriter) { writer.object { writeMembers(to: &$0) } }

    fileprivate func writeMembers(to writer: inout JSONWriter) {
        writer.member("id", id.description)
        writer.member("url", spec.url)
        writer.member("events", spec.events.isEmpty ? [ObjectReader.everything] : spec.events.map(\.rawValue))
        writer.member("description", spec.description)
        writer.member("session_id", sessionID?.description)
        writer.member("enabled", disabled == nil)
        writer.member("disabled_at", disabled?.at.description)
        writer.member("disabled_reason", disabled?.reason.rawValue)
        writer.member("previous_secret_expires_at", previousSecretExpiresAt?.description)
        writer.member("created_at", createdAt.description)
    }
}

extension WebhookWithSecret {
    /// The webhook with its secret: for the one answer that shows it.
    var json: [UInt8] {
        var writer = JSONWriter(capacity: 512)
        write(to: &writer)
        return writer.bytes
    }

    func write(to writer: inout JSONWriter) {
        writer.object { writer in
            webhook.writeMembers(to: &writer)
            writer.member("secret", secret)
        }
    }
}

extension WebhookDelivery {
    /// The delivery as the log shows it.
    var json: [UInt8] {
        var writer = JSONWriter(capacity: 512)
        write(to: &writer)
        return writer.bytes
    }

    func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("id", id.description)
            writer.member("webhook_id", webhook.description)
            writer.member("event_id", event?.description)
            writer.member("event_type", eventType)
            writer.member("session_id", sessionID?.description)
            writer.member("status", status.rawValue)
            writer.member("attempts", attempts)
            writer.member("created_at", createdAt.description)
            writer.member("next_attempt_at", nextAttemptAt?.description)
            writer.member("last_attempt_at", lastAttemptAt?.description)
            writer.member("last_status", raw: lastStatus.map { String($0) } ?? "null")
            writer.member("last_error", lastError)
            writer.member("last_duration_ms", lastDuration?.milliseconds)
        }
    }
}
