/// Decides what a status means: the migrations to apply, or why none may be.
struct MigrationPlan {
    /// What is to be applied, in order.
    let pending: [Migration]

    /// - Throws: `changed`, `ahead` or `outOfOrder`.
    init(_ status: [MigrationStatus], _ migrations: [Migration]) throws(MigrationError) {
        var changed: Set<Int> = []
        var unknown: [Int] = []
        var missing: Set<Int> = []
        var newest = 0
        for item in status {
            switch item.state {
            case .applied: newest = max(newest, item.version)
            case .changed: changed.insert(item.version)
            case .unknown: unknown.append(item.version)
            case .pending: missing.insert(item.version)
            }
        }
        if !changed.isEmpty { throw .changed(migrations.filter { changed.contains($0.version) }.map(\.file)) }
        if !unknown.isEmpty { throw .ahead(unknown) }
        pending = migrations.filter { missing.contains($0.version) }
        let late = pending.filter { $0.version < newest }
        if !late.isEmpty { throw .outOfOrder(late.map(\.file)) }
    }

    /// - Throws: `invalidList`.
    static func validate(_ migrations: [Migration]) throws(MigrationError) {
        var last = 0
        for migration in migrations {
            guard migration.version > last else { throw .invalidList("\(migration.file) is not above \(last)") }
            guard String(validating: migration.script, as: UTF8.self) != nil else {
                throw .invalidList("\(migration.file) is not UTF-8")
            }
            last = migration.version
        }
    }
}
