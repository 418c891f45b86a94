using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace S3Overlay.Proxy.Hosting.Run;

/// <summary>System calls about processes that the runtime does not offer.</summary>
[UnsupportedOSPlatform("windows")]
internal static partial class UnixProcess
{
    private const int BrokenPipe = 13;
    private const nint DefaultAction = 0;
    private const int GetFlags = 1;
    private const int SetFlags = 2;
    private const int CloseOnExec = 1;
    private const int ReadOnly = 0;

    private const int CurrentFolder = -100;
    private const int NoFollow = 0x100;
    private const uint BasicFacts = 0x7ff;
    private const int FileKind = 0xf000;
    private const int Folder = 0x4000;
    private const int OthersMay = 0x3f;

    /// <summary>Sends a signal to a process.</summary>
    public static void Signal(int process, int signal) => _ = Kill(process, signal);

    /// <summary>
    /// True if a path is a folder, and no link to one, that belongs to this user and that no other user may even read. False where that
    /// cannot be known: elsewhere than on Linux.
    /// </summary>
    public static bool OwnsPrivateFolder(string path)
    {
        // struct statx, which is the same on every Linux: the owner is at byte 20, the mode at byte 28.
        Span<byte> facts = stackalloc byte[256];
        if (!OperatingSystem.IsLinux() || StatX(CurrentFolder, path, NoFollow, BasicFacts, facts) != 0)
        {
            return false;
        }

        var (owner, mode) = (BitConverter.ToUInt32(facts[20..]), BitConverter.ToUInt16(facts[28..]));
        return owner == EffectiveUser() && (mode & FileKind) == Folder && (mode & OthersMay) == 0;
    }

    /// <summary>Leaves the terminal: its signals no longer reach this process.</summary>
    public static void LeaveTerminal() => _ = SetSession();

    /// <summary>True if keys typed at the terminal, such as Ctrl-C, send their signals to this process and its children.</summary>
    public static bool IsInForeground()
    {
        var terminal = Open("/dev/tty", ReadOnly);
        if (terminal < 0)
        {
            return false;
        }

        var group = ForegroundGroup(terminal);
        _ = Close(terminal);
        return group == ProcessGroup();
    }

    /// <summary>
    /// Runs an action while SIGPIPE has its usual effect, so that a process that it starts has it too. The runtime ignores the signal, and
    /// a process inherits that: <c>yes | head</c> would end with an error message.
    /// </summary>
    public static void WithBrokenPipes(Action action)
    {
        var ignored = Handle(BrokenPipe, DefaultAction);
        try
        {
            action();
        }
        finally
        {
            _ = Handle(BrokenPipe, ignored);
        }
    }

    /// <summary>
    /// Runs an action while no process that it starts inherits files that were open when this process started, except the standard ones.
    /// A process that runs on would otherwise hold the other end of a pipe that some caller reads to its end. Linux only; elsewhere the
    /// action just runs.
    /// </summary>
    public static void WithoutInheritedFiles(Action action)
    {
        List<int> inherited = OperatingSystem.IsLinux()
            ? [.. Directory.GetFiles("/proc/self/fd").Select(static path => int.Parse(Path.GetFileName(path), CultureInfo.InvariantCulture))
                .Where(static file => file > 2 && Control(file, GetFlags, 0) == 0)]
            : [];
        inherited.ForEach(static file => _ = Control(file, SetFlags, CloseOnExec));
        try
        {
            action();
        }
        finally
        {
            inherited.ForEach(static file => _ = Control(file, SetFlags, 0));
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int process, int signal);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int StatX(int folder, string path, int flags, uint mask, Span<byte> facts);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint EffectiveUser();

    [LibraryImport("libc", EntryPoint = "signal", SetLastError = true)]
    private static partial nint Handle(int signal, nint action);

    [LibraryImport("libc", EntryPoint = "setsid", SetLastError = true)]
    private static partial int SetSession();

    [LibraryImport("libc", EntryPoint = "tcgetpgrp", SetLastError = true)]
    private static partial int ForegroundGroup(int terminal);

    [LibraryImport("libc", EntryPoint = "getpgrp", SetLastError = true)]
    private static partial int ProcessGroup();

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int file);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int Control(int file, int command, int argument);
}
