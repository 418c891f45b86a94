using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text.Json;

using S3Overlay.Tests.Support;
using S3Overlay.Tests.Support.Aspire;
using S3Overlay.Tests.Support.Skipping;

namespace S3Overlay.Tests.Telemetry;

/// <summary>The built proxy exports to the real Aspire dashboard, which then shows what it received.</summary>
[NeedsDashboard]
public sealed class DashboardTests : IAsyncLifetime
{
    private const int Chunk = 256 << 10;

    private readonly TemporaryFolder _folder = new();
    private AspireDashboard _dashboard = null!;
    private ScriptedRemote _remote = null!;
    private ProxyProcess _proxy = null!;

    public async Task InitializeAsync()
    {
        if (AspireDashboard.Missing is not null)
        {
            return;
        }

        _dashboard = await AspireDashboard.StartAsync();
        _remote = await ScriptedRemote.StartAsync();
        _proxy = await ProxyProcess.StartAsync(
            _folder["data"],
            ("S3_OVERLAY_REMOTE_ENDPOINT", _remote.Endpoint.ToString()), ("S3_OVERLAY_REMOTE_ACCESS_KEY_ID", "remote"),
            ("S3_OVERLAY_REMOTE_SECRET_ACCESS_KEY", "remote"),
            ("S3_OVERLAY_CACHE_ENABLED", "true"), ("S3_OVERLAY_CHUNK_THRESHOLD", "512KiB"), ("S3_OVERLAY_CHUNK_SIZE", "256KiB"),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", _dashboard.Otlp.ToString()), ("OTEL_BSP_SCHEDULE_DELAY", "100"),
            ("OTEL_BLRP_SCHEDULE_DELAY", "100"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "180000"));
    }

    public async Task DisposeAsync()
    {
        if (_dashboard is not null)
        {
            await _proxy.DisposeAsync();
            await _remote.DisposeAsync();
            await _dashboard.DisposeAsync();
        }

        _folder.Dispose();
    }

    [Fact]
    public async Task A_local_hit_a_fill_a_chunk_fetch_and_a_shared_read_are_all_seen()
    {
        _remote.Put("photos", "small", new byte[1000]);
        _remote.Put("photos", "large", new byte[4 * Chunk]);
        var http = new SignedHttp(_proxy.Endpoint);
        await http.SendAsync("PUT", "/photos/written", [1, 2, 3]);

        var hit = await TracedAsync("/photos/written");
        var local = await SeenAsync(hit, "local hit");
        Assert.Equal("3", AspireDashboard.Attribute(local, "s3overlay.bytes"));
        Assert.Equal("local", AspireDashboard.Attribute(await SeenAsync(hit, "S3.GetObject"), "s3overlay.layer"));

        var cold = await TracedAsync("/photos/small");
        var fill = await SeenAsync(cold, "remote fill");
        var request = await SeenAsync(cold, "S3.GetObject");
        Assert.Equal(Id(request), fill.GetProperty("parentSpanId").GetString());
        Assert.Equal("photos", AspireDashboard.Attribute(request, "aws.s3.bucket"));
        Assert.Equal(Id(fill), (await SeenAsync(cold, "GET remote")).GetProperty("parentSpanId").GetString());

        var ranged = await TracedAsync("/photos/large", ("Range", $"bytes={Chunk}-{(2 * Chunk) - 1}"));
        var fetch = await SeenAsync(ranged, "chunk fetch");
        Assert.Equal("1", AspireDashboard.Attribute(fetch, "s3overlay.chunk"));
        Assert.Equal(Chunk.ToString(CultureInfo.InvariantCulture), AspireDashboard.Attribute(fetch, "s3overlay.bytes"));

        var again = await TracedAsync("/photos/large", ("Range", $"bytes={Chunk}-{(2 * Chunk) - 1}"));
        Assert.Equal("1", AspireDashboard.Attribute(await SeenAsync(again, "chunk hit"), "s3overlay.chunk"));

        var (starter, joiner) = await ShareAsync();
        var wait = await SeenAsync(joiner, "fill wait");
        var link = Assert.Single(wait.GetProperty("links").EnumerateArray());
        Assert.Equal(Id(await SeenAsync(starter, "remote fill")), link.GetProperty("spanId").GetString());
        Assert.Equal(starter, link.GetProperty("traceId").GetString());
    }

    [Fact]
    public async Task A_log_message_is_seen_with_the_trace_it_belongs_to()
    {
        _remote.Script = async (_, context) =>
        {
            await ScriptedRemote.RespondErrorAsync(context, 403, "AccessDenied");
            return ScriptedOutcome.Answered;
        };

        var trace = await TracedAsync("/photos/refused");

        await SeenAsync(trace, "S3.GetObject");
        var said = await Patience.UntilAsync(
            async () => (await _dashboard.AskAsync("/api/telemetry/logs")).ToString(),
            said => said.Contains(trace, StringComparison.Ordinal),
            said => $"No log message is of the trace {trace}: {said}");

        Assert.Contains("The remote refused an object of photos", said, StringComparison.Ordinal);
    }

    private static string Id(JsonElement span) => span.GetProperty("spanId").GetString()!;

    /// <summary>Sends a request in a trace of its own, and returns the trace's id.</summary>
    private async Task<string> TracedAsync(string target, params (string Name, string Value)[] headers)
    {
        var trace = ActivityTraceId.CreateRandom().ToHexString();
        await new SignedHttp(_proxy.Endpoint).SendAsync("GET", target, null, [Parent(trace), .. headers]);
        return trace;
    }

    private static (string Name, string Value) Parent(string trace) => ("traceparent", $"00-{trace}-{ActivitySpanId.CreateRandom()}-01");

    /// <summary>Waits until the dashboard has a span of a name in a trace.</summary>
    private async Task<JsonElement> SeenAsync(string trace, string name)
    {
        bool IsMeant((string Service, JsonElement Span) seen) => seen.Service == "s3overlay"
            && seen.Span.GetProperty("name").GetString() == name;
        var spans = await Patience.UntilAsync(
            () => _dashboard.SpansAsync(trace),
            spans => spans.Any(IsMeant),
            spans =>
                $"The dashboard has no span \"{name}\" in trace {trace}, "
                + $"but: {string.Join(", ", spans.Select(span => span.Span.GetProperty("name")))}.");
        return spans.First(IsMeant).Span;
    }

    /// <summary>
    /// The traces of two reads of one cold object: the second has read all available bytes and waits for the first one's fill.
    /// </summary>
    private async Task<(string Starter, string Joiner)> ShareAsync()
    {
        for (var attempt = 1; ; attempt++)
        {
            var key = $"shared-{attempt}";
            _remote.Put("photos", key, new byte[300_000]);
            var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _remote.Script = (_, _) => Task.FromResult(new ScriptedOutcome { GateAfter = (100_000, gate) });
            var (starter, joiner) = (ActivityTraceId.CreateRandom().ToHexString(), ActivityTraceId.CreateRandom().ToHexString());
            var first = await FollowAsync(starter, key);
            var second = await FollowAsync(joiner, key);
            gate.SetResult();
            await Task.WhenAll(first, second);
            await SeenAsync(joiner, "S3.GetObject");
            if ((await _dashboard.SpansAsync(joiner)).Any(span => span.Span.GetProperty("name").GetString() == "fill wait"))
            {
                return (starter, joiner);
            }

            // The fill may finish between the last byte it brought and the wait for the next.
            Assert.True(attempt < 10, "No read waits for another's fill.");
        }
    }

    /// <summary>Reads until the bytes stop coming; the rest is read by the task.</summary>
    private async Task<Task> FollowAsync(string trace, string key)
    {
        var client = new TcpClient();
        await client.ConnectAsync(_proxy.Endpoint.Host, _proxy.Endpoint.Port);
        await client.GetStream().WriteAsync(new SignedHttp(_proxy.Endpoint).Signed("GET", $"/photos/{key}", null, Parent(trace)));
        var buffer = new byte[64 << 10];
        using var limit = new CancellationTokenSource(Patience.Limit);
        for (var got = 0; got < 100_000;)
        {
            got += await client.GetStream().ReadAsync(buffer, limit.Token) is > 0 and var read ? read : throw new EndOfStreamException();
        }

        return FinishAsync(client, buffer);
    }

    private static async Task FinishAsync(TcpClient client, byte[] buffer)
    {
        using (client)
        {
            using var limit = new CancellationTokenSource(Patience.Limit);
            while (await client.GetStream().ReadAsync(buffer, limit.Token) > 0)
            {
                // Thrown away.
            }
        }
    }
}

/// <summary>A class of tests against the real Aspire dashboard.</summary>
public sealed class NeedsDashboardAttribute : NeedsAttribute
{
    public override string? Missing => AspireDashboard.Missing;
}
