using System.Net;
using System.Text;
using System.Text.RegularExpressions;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Embedded.Logging;

/// <summary>A proxy whose bucket <c>src</c> can log to the bucket <c>logs</c>, on a clock that moves on demand.</summary>
internal sealed partial class LoggingScene : IAsyncDisposable
{
    private LoggingScene(OverlayHost proxy, ManualTimeProvider time) => (Proxy, Time) = (proxy, time);

    public OverlayHost Proxy { get; }

    public ManualTimeProvider Time { get; }

    public static async Task<LoggingScene> StartAsync(Uri? remote = null, params (string, string)[] settings)
    {
        var time = new ManualTimeProvider();
        var scene = new LoggingScene(await OverlayHost.StartAsync(null, remote, time, settings), time);
        await scene.ExpectAsync(200, "PUT", "/src");
        await scene.ExpectAsync(200, "PUT", "/logs");
        return scene;
    }

    /// <summary>A policy of the bucket <c>logs</c> for the delivery of logs of <c>src</c>.</summary>
    public static string Policy(string resource = "logs/*", string source = "src", string more = "") =>
        $$"""
        {"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"logging.s3.amazonaws.com"},
          "Action":"s3:PutObject","Resource":"arn:aws:s3:::{{resource}}",
          "Condition":{"ArnLike":{"aws:SourceArn":"arn:aws:s3:::{{source}}"} } }{{more}}]}
        """;

    /// <summary>The document that logs to a bucket.</summary>
    public static string Logging(string prefix = "log/", string target = "logs", string more = "") =>
        $"<BucketLoggingStatus><LoggingEnabled><TargetBucket>{target}</TargetBucket><TargetPrefix>{prefix}</TargetPrefix>{more}"
        + "</LoggingEnabled></BucketLoggingStatus>";

    /// <summary>Sends a request and checks its status.</summary>
    public async Task<RawResponse> ExpectAsync(
        int status, string method, string target, string? body = null, params (string, string)[] headers)
    {
        var response = await Proxy.SendAsync(method, target, body, headers);
        Assert.True(response.Status == status, $"{method} {target}: {response.Status} {response.Text}");
        return response;
    }

    /// <summary>Sets the policy and turns logging on.</summary>
    public async Task LogAsync(string prefix = "log/", string more = "")
    {
        await ExpectAsync(204, "PUT", "/logs?policy", Policy());
        await ExpectAsync(200, "PUT", "/src?logging", Logging(prefix, more: more));
    }

    /// <summary>The keys of the log objects.</summary>
    public async Task<List<string>> KeysAsync() =>
        [.. KeyPattern().Matches((await ExpectAsync(200, "GET", "/logs")).Text)
            .Select(static match => WebUtility.HtmlDecode(match.Groups[1].Value))];

    /// <summary>Moves the clock until the log has what a test waits for, and returns its records.</summary>
    public Task<List<string>> RecordsAsync(params string[] parts) => Patience.UntilAsync(
        async () =>
        {
            Time.Advance(TimeSpan.FromMinutes(5));
            var records = new List<string>();
            foreach (var key in await KeysAsync())
            {
                var log = await ExpectAsync(200, "GET", "/logs/" + Uri.EscapeDataString(key));
                records.AddRange(log.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries));
            }

            return records;
        },
        records => Array.TrueForAll(parts, part => records.Exists(record => record.Contains(part, StringComparison.Ordinal))),
        records => string.Join('\n', records));

    /// <summary>The columns of a record, as Amazon's regular expression for Athena separates them.</summary>
    public static List<string> Columns(string record) =>
        [.. ColumnPattern().Matches(record).Select(static match => match.Value)];

    /// <summary>How many records were lost.</summary>
    public async Task<long> LostAsync()
    {
        var page = Encoding.UTF8.GetString((await Proxy.Http.SendUnsignedAsync("GET", "/metrics")).Body);
        return long.Parse(LostPattern().Match(page).Groups[1].Value);
    }

    public ValueTask DisposeAsync() => Proxy.DisposeAsync();

    [GeneratedRegex("<Key>([^<]*)</Key>")]
    private static partial Regex KeyPattern();

    [GeneratedRegex("""\[[^\]]*\]|"[^"]*"|[^ ]+""")]
    private static partial Regex ColumnPattern();

    [GeneratedRegex(@"(?m)^s3_overlay_bucket_log_records_lost_total\S* (\d+)")]
    private static partial Regex LostPattern();
}
