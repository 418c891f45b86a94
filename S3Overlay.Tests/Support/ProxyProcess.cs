using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace S3Overlay.Tests.Support;

/// <summary>
/// The proxy (<see cref="ProxyProgram"/>) as a separate process on a loopback port: what users run, and what can be killed.
/// </summary>
public sealed class ProxyProcess : IAsyncDisposable
{
    /// <summary>The line printed once the port is open, as in the README.</summary>
    private const string Announcement = "serves S3 on ";

    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly TaskCompletionSource<Uri> _announced = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ProxyProcess(Process process, string dataFolder) => (_process, DataFolder) = (process, dataFolder);

    public int Port { get; private set; }

    public int Id => _process.Id;

    public string DataFolder { get; }

    /// <summary>Its endpoint, path style.</summary>
    public Uri Endpoint { get; private set; } = null!;

    public string Output
    {
        get
        {
            lock (_output)
            {
                return _output.ToString();
            }
        }
    }

    /// <summary>Starts the proxy over a data folder, on a port of the system's choice, and waits until it says which.</summary>
    public static Task<ProxyProcess> StartAsync(string dataFolder, params (string Name, string Value)[] settings) =>
        StartAsync(ProxyProgram.Command, dataFolder, settings);

    /// <summary>
    /// The same with another command: the program and the arguments before the proxy's own. It must become the proxy, not
    /// start it.
    /// </summary>
    public static async Task<ProxyProcess> StartAsync(IReadOnlyList<string> command, string dataFolder,
        params (string Name, string Value)[] settings)
    {
        var start = new ProcessStartInfo(command[0])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetTempPath(),
        };
        foreach (var argument in command.Skip(1))
        {
            start.ArgumentList.Add(argument);
        }

        start.ArgumentList.Add("--urls");
        start.ArgumentList.Add(settings.FirstOrDefault(static setting => setting.Name == "urls").Value ?? "http://127.0.0.1:0");
        foreach (var name in start.Environment.Keys.Where(IsForeign).ToList())
        {
            start.Environment.Remove(name);
        }

        start.Environment["S3_OVERLAY_DATA_DIR"] = dataFolder;

        // All tests would want the same port.
        start.Environment["S3_OVERLAY_CONSOLE_URLS"] = "false";
        if (settings.Any(setting => setting.Name == "S3_OVERLAY_REMOTE_ENDPOINT"))
        {
            // Uses the real clock: a busy machine must not look like a hanging remote. Tests of that timeout set their own.
            start.Environment["S3_OVERLAY_REMOTE_CONNECT_TIMEOUT"] = "3m";
            start.Environment["S3_OVERLAY_REMOTE_FIRST_BYTE_TIMEOUT"] = "3m";
            start.Environment["S3_OVERLAY_REMOTE_STALL_TIMEOUT"] = "3m";
            start.Environment["S3_OVERLAY_REMOTE_BUDGET"] = "10m";
        }

        foreach (var (name, value) in settings)
        {
            start.Environment[name] = value;
        }

        var proxy = new ProxyProcess(Process.Start(start)!, dataFolder);
        proxy._process.OutputDataReceived += proxy.Collect;
        proxy._process.ErrorDataReceived += proxy.Collect;
        proxy._process.BeginOutputReadLine();
        proxy._process.BeginErrorReadLine();
        await proxy.WaitUntilOpenAsync();
        return proxy;
    }

    /// <summary>Kills it.</summary>
    public async Task KillAsync()
    {
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
    }

    /// <summary>Sends a signal, such as <c>HUP</c>, and does not wait for what comes of it.</summary>
    public async Task SignalAsync(string signal = "TERM")
    {
        using var kill = Process.Start("kill", ["-" + signal, _process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
    }

    /// <summary>Ends it as a service manager does, with SIGTERM, and returns its exit code.</summary>
    public async Task<int> TerminateAsync()
    {
        await SignalAsync();
        using var limit = new CancellationTokenSource(Patience.Limit);
        await _process.WaitForExitAsync(limit.Token);
        return _process.ExitCode;
    }

    /// <summary>The most resident memory it has had, in bytes (Linux only).</summary>
    public long PeakResidentBytes()
    {
        var line = File.ReadLines($"/proc/{_process.Id}/status").First(l => l.StartsWith("VmHWM:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await KillAsync();
        }

        _process.Dispose();
    }

    /// <summary>Settings from the environment of the test run must not reach the proxy under test.</summary>
    private static bool IsForeign(string name) =>
        name.StartsWith("S3_OVERLAY_", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("AWS_", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("ASPNETCORE_", StringComparison.OrdinalIgnoreCase);

    private void Collect(object sender, DataReceivedEventArgs line)
    {
        lock (_output)
        {
            _output.AppendLine(line.Data);
        }

        if (line.Data?.IndexOf(Announcement, StringComparison.Ordinal) is >= 0 and var at)
        {
            _announced.TrySetResult(new Uri(line.Data[(at + Announcement.Length)..].Trim()));
        }
    }

    /// <summary>
    /// No timeout is short enough to help and long enough for every machine, so the end of the process is what ends the wait early. The
    /// minutes are for a hanging process.
    /// </summary>
    private async Task WaitUntilOpenAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        var ended = _process.WaitForExitAsync(limit.Token);
        if (await Task.WhenAny(_announced.Task, ended) == _announced.Task)
        {
            Endpoint = new Uri((await _announced.Task).GetLeftPart(UriPartial.Authority));
            Port = Endpoint.Port;
            return;
        }

        var state = _process.HasExited ? $"ended with {_process.ExitCode}" : "did not open its port";
        throw new InvalidOperationException($"The proxy {state}. It said:\n{Output}");
    }
}
