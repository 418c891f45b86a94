using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace S3Overlay.Tests.Support.Aspire;

/// <summary>
/// The real Aspire dashboard of the Aspire CLI, on free ports and with its own home folder. It is read through its telemetry API.
/// </summary>
internal sealed class AspireDashboard : IAsyncDisposable
{
    /// <summary>Names the CLI's binary; <c>.ci/run</c> installs it and sets this.</summary>
    public const string Variable = "S3OVERLAY_TEST_ASPIRE";

    private const int Attempts = 3;

    private readonly Process _process;
    private readonly TemporaryFolder _home;
    private readonly StringBuilder _said = new();
    private readonly HttpClient _http;

    private AspireDashboard(Process process, TemporaryFolder home, int frontend, int otlp)
    {
        (_process, _home, Otlp) = (process, home, At(otlp));
        _http = new() { BaseAddress = At(frontend) };
        process.OutputDataReceived += Collect;
        process.ErrorDataReceived += Collect;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>Why there is none here. Null if there is one.</summary>
    public static string? Missing => Environment.GetEnvironmentVariable(Variable) is not { Length: > 0 } path
        ? $"The Aspire CLI is run where {Variable} names its binary."
        : File.Exists(path) ? null : $"There is no Aspire CLI at {path} ({Variable}).";

    /// <summary>The address for OTLP over gRPC.</summary>
    public Uri Otlp { get; }

    /// <summary>Starts one, and waits until it responds.</summary>
    public static async Task<AspireDashboard> StartAsync()
    {
        for (var attempt = 1; ; attempt++)
        {
            var dashboard = Launch();
            if (await dashboard.IsOpenAsync())
            {
                return dashboard;
            }

            var said = dashboard.Said;
            await dashboard.DisposeAsync();

            // A port that was free a moment ago may be another's by now.
            Assert.True(attempt < Attempts, $"The dashboard does not start. It said: {said}");
        }
    }

    /// <summary>The spans it has of one trace, each with the name of the service that sent it.</summary>
    public async Task<IReadOnlyList<(string Service, JsonElement Span)>> SpansAsync(string traceId)
    {
        var page = await AskAsync("/api/telemetry/spans?limit=10000");
        return
        [
            .. from resource in page.GetProperty("data").GetProperty("resourceSpans").EnumerateArray()
               let service = Attribute(resource.GetProperty("resource"), "service.name")
               from scope in resource.GetProperty("scopeSpans").EnumerateArray()
               from span in scope.GetProperty("spans").EnumerateArray()
               where span.GetProperty("traceId").GetString() == traceId
               select (service, span.Clone()),
        ];
    }

    /// <summary>Everything it says at a path of its telemetry interface.</summary>
    public async Task<JsonElement> AskAsync(string path)
    {
        using var document = JsonDocument.Parse(await _http.GetStringAsync(path));
        return document.RootElement.Clone();
    }

    /// <summary>The value of an attribute as text. Empty if it does not exist.</summary>
    public static string Attribute(JsonElement owner, string name)
    {
        foreach (var attribute in owner.TryGetProperty("attributes", out var attributes) ? attributes.EnumerateArray() : default)
        {
            if (attribute.GetProperty("key").GetString() == name)
            {
                return attribute.GetProperty("value").EnumerateObject().First().Value.ToString();
            }
        }

        return "";
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
        _home.Dispose();
    }

    private string Said
    {
        get
        {
            lock (_said)
            {
                return _said.ToString();
            }
        }
    }

    private static AspireDashboard Launch()
    {
        var home = new TemporaryFolder();
        var (frontend, grpc, http) = (FreePort(), FreePort(), FreePort());
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable(Variable)!)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = home.Path,
        };
        foreach (var argument in (string[])
            ["dashboard", "run", "--allow-anonymous", "--frontend-url", At(frontend).ToString(), "--otlp-grpc-url", At(grpc).ToString(),
                "--otlp-http-url", At(http).ToString()])
        {
            start.ArgumentList.Add(argument.TrimEnd('/'));
        }

        foreach (var (name, value) in ((string, string)[])
            [
                ("HOME", home.Path), ("ASPIRE_CLI_TELEMETRY_OPTOUT", "true"), ("ASPIRE_DASHBOARD_TELEMETRY_OPTOUT", "true"),
                ("ASPIRE_VERSION_CHECK_DISABLED", "true"),
                ("DASHBOARD__API__ENABLED", "true"), ("DASHBOARD__API__AUTHMODE", "Unsecured"),
            ])
        {
            start.Environment[name] = value;
        }

        return new AspireDashboard(Process.Start(start)!, home, frontend, grpc);
    }

    private async Task<bool> IsOpenAsync()
    {
        for (var waited = Stopwatch.StartNew(); !_process.HasExited && waited.Elapsed < Patience.Limit; await Task.Delay(200))
        {
            try
            {
                await AskAsync("/api/telemetry/resources");
                return true;
            }
            catch (Exception notYet) when (notYet is HttpRequestException or JsonException)
            {
                // It unpacks itself first.
            }
        }

        return false;
    }

    private void Collect(object sender, DataReceivedEventArgs line)
    {
        lock (_said)
        {
            _said.AppendLine(line.Data);
        }
    }

    private static Uri At(int port) => new(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}"));

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
