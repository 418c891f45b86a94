using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace S3Overlay.Benchmarks.Servers;

/// <summary>A server's process, pinned to one processor, and its processor time.</summary>
public sealed partial class ServerProcess : IAsyncDisposable
{
    private readonly Process _process;

    private ServerProcess(Process process) => _process = process;

    /// <summary>Starts a command pinned to a processor and waits until its port is open.</summary>
    public static async Task<ServerProcess> StartAsync(int port, string command, IEnumerable<string> arguments, IReadOnlyDictionary<string,
        string> environment, int processor = 0)
    {
        var start = new ProcessStartInfo("taskset") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])["-c", processor.ToString(CultureInfo.InvariantCulture), command, .. arguments])
        {
            start.ArgumentList.Add(argument);
        }

        foreach (var name in start.Environment.Keys.Where(IsForeign).ToList())
        {
            start.Environment.Remove(name);
        }

        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        var process = Process.Start(start) ?? throw new InvalidOperationException($"{command} did not start.");
        var said = new StringWriter();
        process.OutputDataReceived += (_, line) => said.WriteLine(line.Data);
        process.ErrorDataReceived += (_, line) => said.WriteLine(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return await IsOpenAsync(port, () => process.HasExited)
            ? new ServerProcess(process)
            : throw new InvalidOperationException($"{command} did not listen on port {port}. It said: {said}");
    }

    /// <summary>Waits until a loopback port is open; false if it does not open in time or the process has ended.</summary>
    public static async Task<bool> IsOpenAsync(int port, Func<bool> isGone)
    {
        for (var limit = Stopwatch.StartNew(); !isGone() && limit.Elapsed < TimeSpan.FromSeconds(30); await Task.Delay(5))
        {
            try
            {
                using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                await probe.ConnectAsync(IPAddress.Loopback, port);
                return true;
            }
            catch (SocketException)
            {
                // Not yet.
            }
        }

        return false;
    }

    /// <summary>A free loopback port.</summary>
    public static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    /// <summary>Processor time of the process and its children, to the nanosecond.</summary>
    public TimeSpan Cpu() => Tree(_process.Id).Select(CpuOf).Aggregate(TimeSpan.Zero, (sum, one) => sum + one);

    /// <summary>Resident bytes of the process and its children (proc_pid_statm(5)).</summary>
    public long Resident() => Tree(_process.Id).Sum(static process => long.Parse(
        File.ReadAllText($"/proc/{process}/statm").Split(' ')[1], CultureInfo.InvariantCulture) * Environment.SystemPageSize);

    /// <summary>Ends it with SIGTERM, and waits.</summary>
    public async Task StopAsync()
    {
        using var kill = Process.Start("kill", ["-TERM", _process.Id.ToString(CultureInfo.InvariantCulture)]);
        await _process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }

    private static IEnumerable<int> Tree(int root)
    {
        yield return root;
        foreach (var task in Directory.EnumerateDirectories($"/proc/{root}/task"))
        {
            var children = Path.Combine(task, "children");
            if (!File.Exists(children))
            {
                continue;
            }

            foreach (var child in File.ReadAllText(children).Split(' ', StringSplitOptions.RemoveEmptyEntries))
            {
                foreach (var below in Tree(int.Parse(child, CultureInfo.InvariantCulture)))
                {
                    yield return below;
                }
            }
        }
    }

    /// <summary>The shell's settings must not reach the measured proxy.</summary>
    private static bool IsForeign(string name) =>
        name.StartsWith("S3_OVERLAY_", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("AWS_", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("ASPNETCORE_", StringComparison.OrdinalIgnoreCase);

    /// <summary>The number of the clock of a process's processor time (clock_getcpuclockid(3)).</summary>
    private static TimeSpan CpuOf(int process) =>
        ReadClock((~process << 3) | 2, out var time) == 0 ? TimeSpan.FromTicks(
            (time.Seconds * TimeSpan.TicksPerSecond) + (time.Nanoseconds / TimeSpan.NanosecondsPerTick)) : TimeSpan.Zero;

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int ReadClock(int clock, out ClockTime time);

    [StructLayout(LayoutKind.Sequential)]
    private readonly struct ClockTime
    {
        public readonly long Seconds;
        public readonly long Nanoseconds;
    }
}
