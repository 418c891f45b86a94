using System.Runtime.InteropServices;

namespace S3Overlay.Proxy.Embedded.Files;

/// <summary>How many files this process may have open. The runtime raises the soft limit to the hard one when it starts.</summary>
internal static partial class DescriptorLimit
{
    /// <summary>More would cost memory, and save little: what is read most stays open.</summary>
    private const int Most = 8192;

    /// <summary>Where the limit is not known.</summary>
    private const long Usual = 2048;

    /// <summary>How many files may be open for one purpose, so that sockets and other files have room.</summary>
    public static int Quarter { get; } = QuarterOf(Read());

    /// <summary>How many idle files one table of open files may keep.</summary>
    public static int Share { get; } = Math.Min(Quarter, Most);

    /// <summary>The same for a process that may have so many open.</summary>
    internal static int QuarterOf(long limit) => (int)Math.Clamp(limit / 4, 64, int.MaxValue);

    private static long Read()
    {
        if (!OperatingSystem.IsLinux() && !OperatingSystem.IsMacOS())
        {
            return Usual;
        }

        // RLIMIT_NOFILE. RLIM_INFINITY is negative here, or the largest number.
        return GetLimit(OperatingSystem.IsLinux() ? 7 : 8, out var limits) != 0 ? Usual : limits.Soft < 0 ? long.MaxValue : limits.Soft;
    }

    [LibraryImport("libc", EntryPoint = "getrlimit")]
    private static partial int GetLimit(int resource, out Limits limits);

    private struct Limits
    {
        public long Soft;
        public long Hard;
    }
}
