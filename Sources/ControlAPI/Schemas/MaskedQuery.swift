import Domain

/// Addresses that we call often have a key in their query string. In full they
/// are for those who may do everything in the service alone.
private func masked(_ url: String, for caller: Caller?) -> String {
    if let caller, caller.scope < .admin || caller.room != nil, let mark = url.firstIndex(of: "?") {
        return url[...mark] + "********"
    }
    return url
}

extension RPCMethodSpec {
    /// The method with what its reader may see of the handler's address.
    func shown(to caller: Caller?) -> RPCMethodSpec {
        guard case .webhook(var handler) = handler else { return self }
        handler.url = masked(handler.url, for: caller)
        var shown = self
        shown.handler = .webhook(handler)
        return shown
    }
}

extension RPCMethodReport {
    /// The method with what its reader may see of the handler's address.
    func shown(to caller: Caller?) -> RPCMethodReport {
        var shown = self
        shown.spec = spec.shown(to: caller)
        return shown
    }
}

extension Webhook {
    /// The webhook with what its reader may see of the address.
    func shown(to caller: Caller?) -> Webhook {
        var shown = self
        shown.spec.url = masked(spec.url, for: caller)
        return shown
    }
}
