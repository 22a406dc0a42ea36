import Glibc

/// The programs of this machine.
enum OtherPrograms {
    /// Turngate starts none, but LiveKit's core does: at each join it has
    /// `lsb_release` tell it the system's name, on Debian a shell script of a
    /// dozen processes that takes as long as the rest of the join. Where it finds
    /// none it reads `/etc/os-release`, so this process has no path to look for
    /// programs in. To be called before there are threads that look.
    static func hide() { setenv("PATH", "/dev/null", 1) }
}
