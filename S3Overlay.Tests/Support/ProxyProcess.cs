using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace S3Overlay.Tests.Support;

/// <summary>The built proxy as a process of its own, on a loopback port: what a user runs, and what can be killed.</summary>
public sealed class ProxyProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _output = new();

    private ProxyProcess(Process process, int port, string dataFolder) => (_process, Port, DataFolder) = (process, port, dataFolder);

    /// <summary>The port it listens on.</summary>
    public int Port { get; }

    /// <summary>Where its data is.</summary>
    public string DataFolder { get; }

    /// <summary>Its endpoint, path style.</summary>
    public Uri Endpoint => new($"http://127.0.0.1:{Port}");

    /// <summary>All it has printed so far.</summary>
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

    /// <summary>Starts the proxy over a data folder and waits until it answers.</summary>
    public static async Task<ProxyProcess> StartAsync(string dataFolder, params (string Name, string Value)[] settings)
    {
        var port = FreePort();
        var start = new ProcessStartInfo("dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetTempPath(),
        };
        start.ArgumentList.Add(typeof(Proxy.Protocol.S3Request).Assembly.Location);
        start.ArgumentList.Add("--urls");
        start.ArgumentList.Add(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}"));
        foreach (var name in start.Environment.Keys.Where(IsForeign).ToList())
        {
            start.Environment.Remove(name);
        }

        start.Environment["S3_OVERLAY_DATA_DIR"] = dataFolder;
        foreach (var (name, value) in settings)
        {
            start.Environment[name] = value;
        }

        var proxy = new ProxyProcess(Process.Start(start)!, port, dataFolder);
        proxy._process.OutputDataReceived += proxy.Collect;
        proxy._process.ErrorDataReceived += proxy.Collect;
        proxy._process.BeginOutputReadLine();
        proxy._process.BeginErrorReadLine();
        await proxy.WaitUntilHealthyAsync();
        return proxy;
    }

    /// <summary>Ends it as a power cut would end the process: at once.</summary>
    public async Task KillAsync()
    {
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
    }

    /// <summary>Ends it as a service manager does, with SIGTERM, and returns its exit code.</summary>
    public async Task<int> TerminateAsync()
    {
        using var kill = Process.Start("kill", ["-TERM", _process.Id.ToString(CultureInfo.InvariantCulture)]);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await _process.WaitForExitAsync(limit.Token);
        return _process.ExitCode;
    }

    /// <summary>The most resident memory it has had, in bytes (Linux only).</summary>
    public long PeakResidentBytes()
    {
        var line = File.ReadLines($"/proc/{_process.Id}/status").First(l => l.StartsWith("VmHWM:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await KillAsync();
        }

        _process.Dispose();
    }

    /// <summary>A loopback port that nobody listens on.</summary>
    public static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    /// <summary>Settings of whoever runs the tests must not reach the proxy under test.</summary>
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
    }

    private async Task WaitUntilHealthyAsync()
    {
        using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        var limit = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                using var answer = await client.GetAsync(new Uri(Endpoint, "/health"));
                answer.EnsureSuccessStatusCode();
                return;
            }
            catch (HttpRequestException) when (!_process.HasExited && limit.Elapsed < TimeSpan.FromSeconds(60))
            {
                // Another process comes up in its own time; there is no signal to wait for but its answer.
                await Task.Delay(25);
            }
            catch (HttpRequestException e)
            {
                throw new InvalidOperationException("The proxy did not start. It said:\n" + Output, e);
            }
        }
    }
}
