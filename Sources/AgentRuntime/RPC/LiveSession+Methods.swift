import Domain

/// The agent's own methods: registered with the room and the store.
extension LiveSession {
    /// Registers a new method: written down, then callable, then answered.
    func register(_ spec: RPCMethodSpec) async throws(TurngateError) -> RPCMethodReport {
        try await changes.run { () throws(TurngateError) in
            try requireWorking()
            if let taken = methods[spec.name] {
                throw .conflict(
                    taken.builtin ? .rpcMethodBuiltin(name: spec.name) : .rpcMethodTaken(name: spec.name))
            }
            guard methods.count(where: { !$0.value.builtin }) < context.limits.methods else {
                throw .conflict(.tooManyRPCMethods(limit: context.limits.methods))
            }
            let report = RPCMethodReport(spec: spec, builtin: false, registeredAt: context.clock.now)
            try await context.store.insertMethod(id, report)
            do throws(RoomError) {
                // Without a connection it is registered by the rejoin.
                try await connection?.registerMethod(spec.name)
            } catch {
                _ = try await context.store.deleteMethod(id, name: spec.name)
                throw .roomFailed("the method was not registered: \(error)")
            }
            try requireWorking()
            methods[spec.name] = report
            publish()
            return report
        }
    }

    /// Puts another handler behind a method that is there; its counts go on.
    func replace(_ spec: RPCMethodSpec) async throws(TurngateError) -> RPCMethodReport {
        try await changes.run { () throws(TurngateError) in
            try requireWorking()
            guard let old = methods[spec.name] else { throw .notFound(.rpcMethod) }
            guard !old.builtin else { throw .conflict(.rpcMethodBuiltin(name: spec.name)) }
            var report = old
            report.spec = spec
            _ = try await context.store.replaceMethod(id, report)
            methods[spec.name]?.spec = spec
            return methods[spec.name] ?? report
        }
    }

    /// Takes a method away; callers get 1400 afterwards.
    func unregister(_ name: String) async throws(TurngateError) {
        try await changes.run { () throws(TurngateError) in
            try requireWorking()
            guard let old = methods[name] else { throw .notFound(.rpcMethod) }
            guard !old.builtin else { throw .conflict(.rpcMethodBuiltin(name: name)) }
            _ = try await context.store.deleteMethod(id, name: name)
            methods[name] = nil
            publish()
            do throws(RoomError) {
                try await connection?.unregisterMethod(name)
            } catch {
                // Our own table answers 1400 for it from now on.
                logger.warning("method not unregistered", metadata: ["error": "\(error)"])
            }
        }
    }

    /// Sorted by name.
    var methodReports: [RPCMethodReport] { methods.values.sorted { $0.spec.name < $1.spec.name } }
}
