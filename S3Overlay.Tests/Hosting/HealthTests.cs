using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Hosting;

/// <summary>
/// What <c>/health</c> and <c>/alive</c> report when the layers of a proxy fail. The clock does not move, so a slow machine does not look
/// like a slow layer.
/// </summary>
public sealed class HealthTests : IAsyncLifetime
{
    /// <summary>Longer than pauses between attempts and shorter than response timeouts.</summary>
    private static readonly TimeSpan Pauses = TimeSpan.FromSeconds(2);

    private readonly ManualTimeProvider _clock = new(DateTimeOffset.UtcNow);
    private ScriptedRemote _remote = null!;

    public async Task InitializeAsync() => _remote = await ScriptedRemote.StartAsync();

    public async Task DisposeAsync() => await _remote.DisposeAsync();

    [Theory]
    [InlineData(403, "AccessDenied")]
    [InlineData(404, "NoSuchBucket")]
    [InlineData(501, "NotImplemented")]
    public async Task It_is_healthy_if_both_layers_respond_even_with_a_refusal(int status, string code)
    {
        await using var proxy = await OverlayHost.StartAsync(null, _remote.Endpoint, _clock);
        Answer(status, code);

        Assert.Equal((200, "{\"status\":\"ok\"}"), await LookAsync(proxy));
        Assert.Equal((200, "{\"status\":\"ok\"}"), await LookAsync(proxy, "/alive"));
        Assert.Equal(("GET", "/"), _remote.Requests.Select(request => (request.Method, request.RawPath)).Single());
    }

    [Theory]
    [InlineData(403, "InvalidAccessKeyId")]
    [InlineData(403, "SignatureDoesNotMatch")]
    [InlineData(503, "ServiceUnavailable")]
    [InlineData(508, "LoopDetected")]
    [Trait("Rule", "F")]
    public async Task A_remote_in_trouble_degrades_the_proxy_and_does_not_take_it_down(int status, string code)
    {
        await using var proxy = await OverlayHost.StartAsync(null, _remote.Endpoint, _clock);
        Answer(status, code);

        Assert.Equal((200, "{\"status\":\"degraded\"}"), await _clock.RunAsync(LookAsync(proxy), Pauses));
        Assert.Equal((200, "{\"status\":\"ok\"}"), await LookAsync(proxy, "/alive"));
    }

    [Fact]
    [Trait("Rule", "F")]
    public async Task A_remote_that_never_responds_is_given_up_after_a_few_seconds()
    {
        await using var proxy = await OverlayHost.StartAsync(null, _remote.Endpoint, _clock);
        _remote.Script = async (_, context) =>
        {
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
            return ScriptedOutcome.Answered;
        };

        // The local layer responds before the time is over for both.
        var look = LookAsync(proxy);
        await _remote.UntilAsync(() => _remote.Requests.Count > 0, "The remote is not asked.");
        await proxy.Services.Local.Check(default);
        Assert.Equal((200, "{\"status\":\"degraded\"}"), await _clock.RunToLimitAsync(look));
    }

    [Fact]
    public async Task The_remote_is_checked_once_in_ten_seconds_and_recovers()
    {
        await using var proxy = await OverlayHost.StartAsync(null, _remote.Endpoint, _clock);
        Answer(403, "InvalidAccessKeyId");

        var looks = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => LookAsync(proxy)));
        Assert.All(looks, look => Assert.Contains("degraded", look.Body, StringComparison.Ordinal));
        Assert.Single(_remote.Requests);

        _remote.Script = null;
        _clock.Advance(TimeSpan.FromSeconds(9));
        Assert.Contains("degraded", (await LookAsync(proxy)).Body, StringComparison.Ordinal);
        _clock.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal((200, "{\"status\":\"ok\"}"), await LookAsync(proxy));
        Assert.Equal(2, _remote.Requests.Count);
    }

    [Fact]
    [Trait("Rule", "F")]
    public async Task Without_its_local_store_the_proxy_is_not_ready_and_yet_alive()
    {
        await using var store = await StoreServer.StartAsync(_clock);
        await using var wire = new StoreRelay(store.Endpoint);
        await using var proxy = await OverlayHost.StartAsync(wire.Endpoint, _remote.Endpoint, _clock);
        Assert.Equal(200, (await LookAsync(proxy)).Status);

        wire.Break(WireFault.Refused);
        wire.CloseConnections();
        _clock.Advance(TimeSpan.FromSeconds(3));

        Assert.Equal((503, "{\"status\":\"unhealthy\"}"), await _clock.RunAsync(LookAsync(proxy), Pauses));
        Assert.Equal((200, "{\"status\":\"ok\"}"), await LookAsync(proxy, "/alive"));
    }

    [Fact]
    public async Task A_data_folder_that_is_gone_is_noticed()
    {
        await using var proxy = await OverlayHost.StartAsync(null, null, _clock);
        Assert.Equal(200, (await LookAsync(proxy)).Status);

        Directory.Move(proxy.Folder["data"], proxy.Folder["elsewhere"]);
        _clock.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal((503, "{\"status\":\"unhealthy\"}"), await LookAsync(proxy));

        Directory.Move(proxy.Folder["elsewhere"], proxy.Folder["data"]);
        _clock.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal(200, (await LookAsync(proxy)).Status);
    }

    [Theory]
    [InlineData("health")]
    [InlineData("alive")]
    [InlineData("metrics")]
    public async Task A_bucket_of_that_name_is_a_bucket(string name)
    {
        await using var proxy = await OverlayHost.StartAsync(null, null, _clock);
        Assert.Equal(200, (await proxy.SendAsync("PUT", $"/{name}")).Status);
        Assert.Equal(200, (await proxy.SendAsync("PUT", $"/{name}/key", "body")).Status);

        Assert.Contains("<Key>key</Key>", (await proxy.SendAsync("GET", $"/{name}")).Text, StringComparison.Ordinal);
        Assert.Equal("body", (await proxy.SendAsync("GET", $"/{name}/key")).Text);
        Assert.Equal(204, (await proxy.SendAsync("DELETE", $"/{name}/key")).Status);
        Assert.Equal(204, (await proxy.SendAsync("DELETE", $"/{name}")).Status);
    }

    private void Answer(int status, string code) => _remote.Script = async (_, context) =>
    {
        await ScriptedRemote.RespondErrorAsync(context, status, code);
        return ScriptedOutcome.Answered;
    };

    private static async Task<(int Status, string Body)> LookAsync(OverlayHost proxy, string target = "/health")
    {
        var response = await proxy.Http.SendUnsignedAsync("GET", target);
        return (response.Status, response.Text);
    }
}
