using Microsoft.AspNetCore.Http;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Remotes;

/// <summary>
/// Two remotes at one endpoint, one of which fails: its stale entries are served, and those of the other are revalidated as usual
/// (table F, rules S1, M1).
/// </summary>
[Trait("Rule", "F")]
public sealed class OutageOfOneTests
{
    private readonly ManualTimeProvider _clock = new(DateTimeOffset.UtcNow);
    private volatile bool _isDown;

    /// <summary>How the endpoint distinguishes the remotes: by bucket, or by credentials for one shared bucket.</summary>
    [Theory]
    [InlineData("left-bucket", "right-bucket")]
    [InlineData("shared", "shared")]
    public async Task One_remote_that_is_down_says_nothing_of_another_at_the_same_endpoint(string leftBucket, string rightBucket)
    {
        await using var endpoint = await ScriptedRemote.StartAsync();
        endpoint.Put(leftBucket, "key", "as it is there"u8.ToArray());
        endpoint.Put(rightBucket, "key", "as it is there"u8.ToArray());
        endpoint.Script = async (request, context) =>
        {
            if (!_isDown || !IsOf("left", request))
            {
                return ScriptedOutcome.AsUsual;
            }

            await ScriptedRemote.RespondErrorAsync(context, StatusCodes.Status502BadGateway, "BadGateway");
            return ScriptedOutcome.Answered;
        };
        await using var proxy = await StartAsync(endpoint, leftBucket, rightBucket);
        foreach (var bucket in (string[])["left", "right"])
        {
            Assert.Equal("MISS", (await proxy.SendAsync("GET", $"/{bucket}/key")).Headers["x-cache"]);
        }

        await proxy.WhenIdleAsync();
        _isDown = true;
        _clock.Advance(TimeSpan.FromMinutes(11));

        // The first request gets the failure, as do requests sent before it is known.
        Assert.Equal("STALE", (await _clock.RunAsync(proxy.SendAsync("GET", "/left/key"))).Headers["x-cache"]);
        await _clock.RunAsync(KnownAsync(endpoint));
        await proxy.WhenIdleAsync();
        var asked = endpoint.Requests.Count(request => request.Key.Length > 0);
        for (var i = 0; i < 3; i++)
        {
            // The clock does not move, so a request that waited would wait for ever.
            var stale = await proxy.SendAsync(i % 2 == 0 ? "GET" : "HEAD", "/left/key").WaitAsync(Patience.Limit);
            Assert.Equal((200, "STALE"), (stale.Status, stale.Headers["x-cache"]));
            Assert.True(int.Parse(stale.Headers["age"], System.Globalization.CultureInfo.InvariantCulture) >= 660);
        }

        Assert.Equal(asked, endpoint.Requests.Count(request => request.Key.Length > 0));

        // The other remote is asked as usual.
        for (var i = 1; i <= 3; i++)
        {
            _clock.Advance(TimeSpan.FromMinutes(11));
            var compared = await proxy.SendAsync("GET", "/right/key").WaitAsync(Patience.Limit);
            Assert.Equal((200, "REVALIDATED"), (compared.Status, compared.Headers["x-cache"]));
            Assert.Equal(asked + i, endpoint.Requests.Count(request => request.Key.Length > 0));
        }

        endpoint.Put(rightBucket, "new", "new there"u8.ToArray());
        Assert.Equal("new there", (await proxy.SendAsync("GET", "/right/new").WaitAsync(Patience.Limit)).Text);
        Assert.Equal(503, (await proxy.SendAsync("GET", "/left/new").WaitAsync(Patience.Limit)).Status);

        _isDown = false;
        Assert.Equal("REVALIDATED", await _clock.RunAsync(UntilComparedAsync(proxy)));
    }

    /// <summary>
    /// A remote is known to be down after the second request for its bucket: one confirms the outage, the next probes for its end. By the
    /// third, all earlier requests have ended.
    /// </summary>
    private static async Task<bool> KnownAsync(ScriptedRemote endpoint)
    {
        await endpoint.UntilAsync(
            () => endpoint.Requests.Count(request => request is { Method: "HEAD", Key: "" } && IsOf("left", request)) >= 3,
            "The remote is not known to be down.");
        return true;
    }

    private static async Task<string> UntilComparedAsync(OverlayHost proxy)
    {
        var response = await Patience.UntilAsync(
            () => proxy.SendAsync("GET", "/left/key"), static response => response.Headers["x-cache"] != "STALE", static _ =>
                "The remote is not asked again.");
        return response.Headers["x-cache"];
    }

    private static bool IsOf(string remote, ScriptedRequest request) =>
        request.Headers["Authorization"].Contains($"Credential={remote}-key/", StringComparison.Ordinal);

    private Task<OverlayHost> StartAsync(ScriptedRemote endpoint, string leftBucket, string rightBucket) => OverlayHost.StartAsync(
        null,
        null,
        _clock,
        [
            ("S3_OVERLAY_CACHE_ENABLED", "true"),
            ("S3_OVERLAY_REVALIDATE", "10m"),
            ("S3_OVERLAY_REMOTES", "left,right"),
            .. SettingsOf("LEFT", endpoint, $"left:{leftBucket}"),
            .. SettingsOf("RIGHT", endpoint, $"right:{rightBucket}"),
            .. RemoteLimits.Hurried,
        ]);

    private static IEnumerable<(string Name, string Value)> SettingsOf(string name, ScriptedRemote endpoint, string backs) =>
    [
        ($"S3_OVERLAY_REMOTE_{name}_ENDPOINT", RemotesScene.TextOf(endpoint)),
        ($"S3_OVERLAY_REMOTE_{name}_ACCESS_KEY_ID", name.ToLowerInvariant() + "-key"),
        ($"S3_OVERLAY_REMOTE_{name}_SECRET_ACCESS_KEY", "secret"),
        ($"S3_OVERLAY_REMOTE_{name}_BACKS", backs),
    ];
}
