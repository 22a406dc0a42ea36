import Domain
import Synchronization

/// `FakeKeys`, of which a test can take some off the list.
final class RevocableKeys: CallerAuthenticator {
    private let withdrawn = Mutex<Set<String>>([])

    /// Takes the key of this name off the list.
    func withdraw(_ name: String) { withdrawn.withLock { _ = $0.insert(name) } }

    func caller(bearing credential: String, now: Timestamp) throws(CredentialRefusal) -> Caller {
        let caller = try FakeKeys().caller(bearing: credential, now: now)
        guard stillAdmits(caller, for: .read, now: now) else { throw .unknown }
        return caller
    }

    func stillAdmits(_ caller: Caller, for scope: Caller.Scope, now: Timestamp) -> Bool {
        caller.scope >= scope && !withdrawn.withLock { $0.contains(caller.name) }
    }
}
