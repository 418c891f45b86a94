using System.Diagnostics;

using S3Overlay.Proxy.Hosting;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Hosting.Diagnosis;

/// <summary>
/// What a start finds out about its remotes while it serves, and how <c>/health</c> and the management address report it.
/// </summary>
[Trait("Rule", "M5")]
public sealed class RemoteProbeTests : IAsyncLifetime
{
    private readonly ManualTimeProvider _clock = new(DateTimeOffset.UtcNow);
    private ScriptedRemote _remote = null!;

    private int Listings => _remote.Requests.Count(request => request.RawQuery.Contains("list-type=2", StringComparison.Ordinal));

    public async Task InitializeAsync() => _remote = await ScriptedRemote.StartAsync();

    public async Task DisposeAsync() => await _remote.DisposeAsync();

    [Fact]
    public async Task A_misspelt_mapping_degrades_the_proxy_until_it_is_right_and_is_then_not_checked_again()
    {
        await using var proxy = await StartAsync(("S3_OVERLAY_BUCKET_MAPPING", "photos:prod-fotos"));
        proxy.StartProbing();
        var told = await UntilAsync(proxy, "degraded");

        Assert.Equal((200, "{\"status\":\"degraded\"}"), await LookAsync(proxy));
        Assert.StartsWith("{\"status\":\"degraded\",\"checks\":{\"remote\":\"degraded\"},\"reasons\":{\"remote\":\"http://127.0.0.1:", told,
            StringComparison.Ordinal);
        Assert.Contains("S3_OVERLAY_BUCKET_MAPPING", told, StringComparison.Ordinal);

        _remote.AddBucket("prod-fotos");
        await PassAsync(() => Listings >= 2);
        await UntilAsync(proxy, "ok");
        var asked = Listings;
        await proxy.SendAsync("GET", "/photos/key");
        for (var minutes = 0; minutes < 30; minutes++)
        {
            _clock.Advance(TimeSpan.FromMinutes(1));
        }

        await LookAsync(proxy);
        Assert.Equal(asked, Listings);
    }

    [Fact]
    public async Task A_bucket_that_may_not_be_listed_is_no_trouble()
    {
        _remote.Script = async (request, context) =>
        {
            await ScriptedRemote.RespondErrorAsync(context, 403, "AccessDenied");
            return ScriptedOutcome.Answered;
        };
        await using var proxy = await StartAsync(("S3_OVERLAY_BUCKET_MAPPING", "photos:prod-photos"));
        proxy.StartProbing();
        await _remote.UntilAsync(() => Listings > 0, "The bucket is not tried.");

        Assert.Equal((200, "{\"status\":\"ok\"}"), await LookAsync(proxy));
    }

    [Fact]
    public async Task A_remote_that_is_down_is_reported_once_and_its_buckets_are_checked_when_it_is_back()
    {
        var isDown = true;
        _remote.AddBucket("prod-photos");
        _remote.Script = async (_, context) =>
        {
            if (!isDown)
            {
                return ScriptedOutcome.AsUsual;
            }

            await ScriptedRemote.RespondErrorAsync(context, 403, "InvalidAccessKeyId");
            return ScriptedOutcome.Answered;
        };
        await using var proxy = await StartAsync(("S3_OVERLAY_BUCKET_MAPPING", "photos:prod-photos"));
        proxy.StartProbing();
        Assert.Contains("S3_OVERLAY_REMOTE_ACCESS_KEY_ID", await UntilAsync(proxy, "degraded"), StringComparison.Ordinal);
        Assert.Equal(0, Listings);

        isDown = false;
        await PassAsync(() => Listings == 1);
        await UntilAsync(proxy, "ok");
    }

    [Fact]
    public async Task The_start_and_the_end_wait_for_no_remote()
    {
        _remote.Script = async (_, context) =>
        {
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
            return ScriptedOutcome.Answered;
        };
        await using (var proxy = await StartAsync(("S3_OVERLAY_BUCKET_MAPPING", "photos:prod-photos")))
        {
            proxy.StartProbing();
            await _remote.UntilAsync(() => _remote.Requests.Count > 0, "The remote is not tried.");
            Assert.Equal(200, (await proxy.SendAsync("PUT", "/photos/key", "mine")).Status);
        }

        Assert.Equal(0, Listings);
    }

    [Fact]
    public async Task A_start_that_requires_its_remotes_fails_where_one_is_wrong_and_says_what()
    {
        _remote.AddBucket("prod-photos");
        var failure = await Assert.ThrowsAsync<StartupException>(() => StartAsync(
            ("S3_OVERLAY_REQUIRE_REMOTE", "true"), ("S3_OVERLAY_BUCKET_MAPPING", "photos:prod-fotos,others:prod-photos"),
            ("S3_OVERLAY_REMOTES", "second"), ("S3_OVERLAY_REMOTE_SECOND_ENDPOINT", "http://127.0.0.1:1"),
            ("S3_OVERLAY_REMOTE_SECOND_ANONYMOUS", "true"), ("S3_OVERLAY_REMOTE_SECOND_BACKS", "logs")));

        Assert.Contains("does not have the bucket \"prod-fotos\", which photos shows. Correct its name in S3_OVERLAY_BUCKET_MAPPING",
            failure.Message, StringComparison.Ordinal);
        Assert.Contains("http://127.0.0.1:1 refuses the connection", failure.Message, StringComparison.Ordinal);
        Assert.Contains("S3_OVERLAY_REQUIRE_REMOTE", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("prod-photos", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_start_that_requires_its_remotes_continues_if_all_are_right()
    {
        _remote.AddBucket("prod-photos");
        await using var proxy = await StartAsync(("S3_OVERLAY_REQUIRE_REMOTE", "true"),
            ("S3_OVERLAY_BUCKET_MAPPING", "photos:prod-photos"));

        Assert.Equal(1, Listings);
        Assert.Equal(200, (await LookAsync(proxy)).Status);
    }

    [Fact]
    [Trait("Rule", "B6")]
    public async Task A_bucket_list_of_the_remote_dates_the_buckets_that_are_mapped()
    {
        _remote.AddBucket("prod-photos");
        _remote.Script = async (request, context) =>
        {
            if (request.Bucket.Length > 0)
            {
                return ScriptedOutcome.AsUsual;
            }

            await using var writer = new StreamWriter(context.Response.Body);
            await writer.WriteAsync(
                "<ListAllMyBucketsResult><Buckets><Bucket><Name>prod-photos</Name>"
                + "<CreationDate>2021-02-03T04:05:06.000Z</CreationDate></Bucket></Buckets></ListAllMyBucketsResult>");
            return ScriptedOutcome.Answered;
        };
        await using var proxy = await StartAsync(("S3_OVERLAY_REQUIRE_REMOTE", "true"),
            ("S3_OVERLAY_BUCKET_MAPPING", "photos:prod-photos"));

        Assert.Contains("<Name>photos</Name><CreationDate>2021-02-03T04:05:06", (await proxy.SendAsync("GET", "/")).Text,
            StringComparison.Ordinal);
    }

    private Task<OverlayHost> StartAsync(params (string Name, string Value)[] settings) => OverlayHost.StartAsync(
        null, _remote.Endpoint, _clock, [("S3_OVERLAY_MANAGEMENT_URLS", "http://127.0.0.1:0"), ("S3_OVERLAY_REMOTE_CONNECT_TIMEOUT", "3m"),
            ("S3_OVERLAY_REMOTE_BUDGET", "10m"), .. settings]);

    /// <summary>
    /// Ends pauses of up to ten seconds until the condition holds. Every two seconds of real time it also ends one of up to five minutes:
    /// the pause after a check that a step of the clock made fail.
    /// </summary>
    private async Task PassAsync(Func<bool> holds)
    {
        var still = Stopwatch.StartNew();
        await _clock.RunAsync(
            Task.Run(async () =>
            {
                await Patience.UntilAsync(holds, "Nothing is tried again.");
                return true;
            }),
            () =>
            {
                if (still.Elapsed < TimeSpan.FromSeconds(2))
                {
                    return TimeSpan.FromSeconds(10);
                }

                still.Restart();
                return TimeSpan.FromMinutes(5);
            });
    }

    private static async Task<(int Status, string Body)> LookAsync(OverlayHost proxy)
    {
        var response = await proxy.Http.SendUnsignedAsync("GET", "/health");
        return (response.Status, response.Text);
    }

    /// <summary>Returns the page of the management address once the proxy has reached a status.</summary>
    private static async Task<string> UntilAsync(OverlayHost proxy, string status)
    {
        using var http = new HttpClient { BaseAddress = proxy.Management };
        return await Patience.UntilAsync(() => http.GetStringAsync("/health"),
            body => body.StartsWith($"{{\"status\":\"{status}\"", StringComparison.Ordinal), static body => body);
    }
}
