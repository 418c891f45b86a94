using System.Diagnostics;
using System.Text.Json;

namespace S3Overlay.AppHost.Tests.Running;

/// <summary>The proxy's traces, read back from the dashboard that the orchestrator runs.</summary>
[Collection(EmbeddedStack.Name)]
public sealed class DashboardTests(EmbeddedStack stack)
{
    [OrchestratorFact]
    public async Task The_dashboard_has_the_spans_of_a_miss_its_fill_and_a_hit()
    {
        const string Key = "traced/object";
        await stack.GivenAsync(Key);
        var (miss, hit) = (ActivityTraceId.CreateRandom(), ActivityTraceId.CreateRandom());

        Assert.Equal("MISS", await stack.ReadAsync(Key, Parent(miss)));
        await stack.HitAsync(Key);
        Assert.Equal("HIT", await stack.ReadAsync(Key, Parent(hit)));

        Assert.Superset(new HashSet<string> { "S3.GetObject", "remote fill", "GET remote" }, await SpansAsync(miss, "remote fill"));
        Assert.Contains("cache hit", await SpansAsync(hit, "cache hit"));
    }

    [OrchestratorFact]
    public async Task Health_requests_leave_no_trace()
    {
        using var http = stack.Application.CreateHttpClient("proxy", "http");
        for (var i = 0; i < 5; i++)
        {
            using var answer = await http.GetAsync(new Uri("/health", UriKind.Relative));
            answer.EnsureSuccessStatusCode();
        }

        // A span that ends later has been exported: whatever the health requests had left is there too.
        var marker = ActivityTraceId.CreateRandom();
        await stack.ReadAsync("hello.txt", Parent(marker));
        await SpansAsync(marker, "S3.GetObject");

        using var limit = new CancellationTokenSource(EmbeddedStack.Patience);
        Assert.DoesNotContain("/health", (await stack.DashboardAsync("/api/telemetry/spans?limit=10000", limit.Token)).ToString(),
            StringComparison.Ordinal);
    }

    private static string Parent(ActivityTraceId trace) => $"00-{trace}-{ActivitySpanId.CreateRandom()}-01";

    /// <summary>The names of a trace's spans, once one of them has come.</summary>
    private async Task<HashSet<string>> SpansAsync(ActivityTraceId trace, string awaited)
    {
        using var limit = new CancellationTokenSource(EmbeddedStack.Patience);
        while (true)
        {
            var names = Names(await stack.DashboardAsync("/api/telemetry/spans?limit=10000", limit.Token), trace.ToHexString());
            if (names.Contains(awaited) && names.Contains("S3.GetObject"))
            {
                return names;
            }

            await Task.Delay(200, limit.Token);
        }
    }

    private static HashSet<string> Names(JsonElement document, string trace) =>
    [
        .. from resource in document.GetProperty("data").GetProperty("resourceSpans").EnumerateArray()
           from scope in resource.GetProperty("scopeSpans").EnumerateArray()
           from span in scope.GetProperty("spans").EnumerateArray()
           where span.GetProperty("traceId").GetString() == trace
           select span.GetProperty("name").GetString()!,
    ];
}
