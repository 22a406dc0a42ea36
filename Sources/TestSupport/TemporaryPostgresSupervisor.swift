import Foundation
import Glibc

/// A shell that runs the server and outlives us by the moment it takes to end it.
///
/// It reads commands from a socket whose other end only this process holds: when
/// the process ends, in whatever way, that closes, and the shell kills the
/// server and removes its files. (PR_SET_PDEATHSIG would not do: it follows
/// the thread that started the child, is lost when the user changes, and
/// leaves the files behind.)
final class TemporaryPostgresSupervisor: Sendable {
    private static let script = """
        directory=$1 binaries=$2 user=$3 pid=
        as() {
            if [ -n "$user" ]; then exec setpriv --reuid "$user" --regid "$user" --init-groups "$@"; fi
            exec "$@"
        }
        launch() {
            cd "$directory"
            if [ -n "$user" ]; then chown "$user" "$directory"; fi
            if [ ! -d data ]; then
                (as "$binaries/initdb" -D "$directory/data" -U postgres -A trust -E UTF8 \\
                    --locale=C.UTF-8 --no-sync) </dev/null >>"$directory/log" 2>&1
            fi
            (as "$binaries/postgres" -D "$directory/data" -k "$directory" -p 5432 -c listen_addresses= \\
                -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=300 \\
                -c shared_buffers=32MB -c autovacuum=off -c max_prepared_transactions=0 \\
                ) </dev/null >>"$directory/log" 2>&1 &
            pid=$!
        }
        while read -r command; do
            case $command in
            start)
                if [ -n "$pid" ]; then wait "$pid"; fi
                launch
                ;;
            esac
        done
        if [ -n "$pid" ]; then
            # Again and again, as a server that has only just been launched still
            # ignores SIGQUIT; exe is gone once it is a zombie.
            tries=0
            while [ -e "/proc/$pid/exe" ] && [ "$tries" -lt 100 ]; do
                children=$(cat "/proc/$pid/task/$pid/children" 2>/dev/null)
                kill -QUIT "$pid"
                for process in $pid $children; do kill -CONT "$process"; done
                tries=$((tries + 1))
                sleep 0.1
            done
            kill -KILL "$pid"
            wait "$pid"
        fi
        cd /
        rm -rf "$directory"
        """

    /// POSIX_SPAWN_SETSID of spawn.h, which Swift's Glibc module leaves out.
    private static let newSession: Int16 = 0x80

    /// Above every descriptor of a test process, and no more than there can be;
    /// closing one that is not open is no error.
    private static let foreignLimit = Int32(clamping: min(4096, max(3, sysconf(Int32(_SC_OPEN_MAX)))))

    private let commands: Int32

    init(directory: String, binaries: String, user: String) throws {
        var ends: [Int32] = [-1, -1]
        // A socket pair, as it can be closed-on-exec from its first moment: a
        // child that inherited our end would keep the server alive.
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else {
            throw TemporaryPostgres.Failure(description: "no socket pair")
        }
        commands = ends[1]
        defer { close(ends[0]) }
        let arguments = ["/bin/sh", "-c", TemporaryPostgresSupervisor.script, "supervisor", directory, binaries, user]
        let pid = try TemporaryPostgresSupervisor.spawn(arguments, standardInput: ends[0])
        Thread.detachNewThread {
            var status: Int32 = 0
            while waitpid(pid, &status, 0) == -1, errno == EINTR {}
        }
    }

    deinit {
        close(commands)
    }

    /// Sends one command line.
    func send(_ command: String) throws {
        let line = Array((command + "\n").utf8)
        guard Glibc.send(commands, line, line.count, Int32(MSG_NOSIGNAL)) == line.count else {
            throw TemporaryPostgres.Failure(description: "the server's supervisor is gone")
        }
    }

    /// Starts a program in a session of its own, so that a Ctrl-C at the
    /// terminal does not reach it before it has cleaned up.
    private static func spawn(_ arguments: [String], standardInput: Int32) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, standardInput, 0)
        posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        // Whatever else is open belongs to other tests: a connection or a pipe
        // that the server kept would not end when its test closes it.
        for descriptor in 3..<foreignLimit { posix_spawn_file_actions_addclose(&actions, descriptor) }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        posix_spawnattr_setflags(&attributes, TemporaryPostgresSupervisor.newSession)
        let pointers = arguments.map { strdup($0) }
        defer { pointers.forEach { free($0) } }
        var pid: pid_t = 0
        let code = posix_spawn(&pid, arguments[0], &actions, &attributes, pointers + [nil], environ)
        guard code == 0 else { throw TemporaryPostgres.Failure(description: "posix_spawn failed with \(code)") }
        return pid
    }
}
