using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace S3Overlay.Proxy.Hosting.Run;

/// <summary>
/// A job object: Windows ends the command, and what it started, together with this process. Not tried on a machine so far.
/// </summary>
[SupportedOSPlatform("windows")]
internal sealed partial class WindowsJob : IDisposable
{
    private const int ExtendedLimits = 9;
    private const uint KillOnClose = 0x2000;

    private readonly nint _job;

    private WindowsJob(nint job) => _job = job;

    /// <summary>A job with this process; null if Windows refuses it.</summary>
    public static WindowsJob? With(Process process)
    {
        var job = CreateJobObject(0, 0);
        if (job == 0)
        {
            return null;
        }

        var limits = new Limits { LimitFlags = KillOnClose };
        if (SetInformationJobObject(job, ExtendedLimits, ref limits, Marshal.SizeOf<Limits>())
            && AssignProcessToJobObject(job, process.Handle))
        {
            return new WindowsJob(job);
        }

        _ = CloseHandle(job);
        return null;
    }

    /// <inheritdoc/>
    public void Dispose() => _ = CloseHandle(_job);

    [LibraryImport("kernel32", EntryPoint = "CreateJobObjectW", SetLastError = true)]
    private static partial nint CreateJobObject(nint attributes, nint name);

    [LibraryImport("kernel32", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool SetInformationJobObject(nint job, int kind, ref Limits limits, int size);

    [LibraryImport("kernel32", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool AssignProcessToJobObject(nint job, nint process);

    [LibraryImport("kernel32", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool CloseHandle(nint handle);

    /// <summary>JOBOBJECT_EXTENDED_LIMIT_INFORMATION.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Limits
    {
        public long PerProcessUserTimeLimit;
        public long PerJobUserTimeLimit;
        public uint LimitFlags;
        public nuint MinimumWorkingSetSize;
        public nuint MaximumWorkingSetSize;
        public uint ActiveProcessLimit;
        public nuint Affinity;
        public uint PriorityClass;
        public uint SchedulingClass;
        public ulong ReadOperationCount;
        public ulong WriteOperationCount;
        public ulong OtherOperationCount;
        public ulong ReadTransferCount;
        public ulong WriteTransferCount;
        public ulong OtherTransferCount;
        public nuint ProcessMemoryLimit;
        public nuint JobMemoryLimit;
        public nuint PeakProcessMemoryUsed;
        public nuint PeakJobMemoryUsed;
    }
}
