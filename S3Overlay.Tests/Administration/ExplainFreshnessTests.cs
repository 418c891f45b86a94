using System.Text.Json;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Administration;

/// <summary>What explain reports about entries that a read would revalidate first: what the read would find (rules A5, S1).</summary>
[Trait("Rule", "A5")]
public sealed class ExplainFreshnessTests : IAsyncLifetime
{
    private ScriptedRemote _remote = null!;
    private OverlayHost _proxy = null!;

    public async Task InitializeAsync()
    {
        _remote = await ScriptedRemote.StartAsync();
        _proxy = await OverlayHost.StartEmbeddedAsync(_remote.Endpoint, ("S3_OVERLAY_CACHE_ENABLED", "true"),
            ("S3_OVERLAY_REVALIDATE", "always"));
        _remote.Put("bucket", "key", "one"u8.ToArray());
        Assert.Equal("one", (await _proxy.SendAsync("GET", "/bucket/key")).Text);
        await _proxy.WhenIdleAsync();
    }

    public async Task DisposeAsync()
    {
        await _proxy.DisposeAsync();
        await _remote.DisposeAsync();
    }

    [Fact]
    public async Task A_fresh_entry_is_read() => Assert.Equal((true, "cache", "held"), await VerdictAsync());

    [Fact]
    public async Task An_entry_of_an_old_version_is_not_read()
    {
        _remote.Put("bucket", "key", "other"u8.ToArray());
        Assert.Equal((true, "remote", "remote"), await VerdictAsync());
        Assert.Equal("other", (await _proxy.SendAsync("GET", "/bucket/key")).Text);
    }

    [Fact]
    public async Task An_entry_of_a_deleted_object_is_not_read()
    {
        _remote.Remove("bucket", "key");
        Assert.Equal((false, null, "absent"), await VerdictAsync());
        Assert.Equal(404, (await _proxy.SendAsync("GET", "/bucket/key")).Status);
    }

    [Fact]
    public async Task Without_a_request_to_the_remote_it_is_unknown() =>
        Assert.Equal((null, null, "unknown"), await VerdictAsync("&remote=false"));

    [Fact]
    public async Task An_object_that_it_finds_replaces_a_remembered_absence()
    {
        await using var proxy = await OverlayHost.StartEmbeddedAsync(_remote.Endpoint, ("S3_OVERLAY_CACHE_ENABLED", "true"),
            ("S3_OVERLAY_NEGATIVE_TTL", "1d"));
        Assert.Equal(404, (await proxy.SendAsync("GET", "/bucket/late")).Status);
        _remote.Put("bucket", "late", "here"u8.ToArray());
        Assert.Equal(404, (await proxy.SendAsync("GET", "/bucket/late")).Status);
        Assert.Contains("\"visible\":true", (await proxy.SendAsync("GET", "/-/v1/explain?bucket=bucket&key=late")).Text,
            StringComparison.Ordinal);
        Assert.Equal("here", (await proxy.SendAsync("GET", "/bucket/late")).Text);
    }

    private async Task<(bool? Visible, string? Layer, string? Reason)> VerdictAsync(string more = "")
    {
        var response = await _proxy.SendAsync("GET", "/-/v1/explain?bucket=bucket&key=key" + more);
        Assert.True(response.Status == 200, response.Text);
        var explained = JsonDocument.Parse(response.Text).RootElement;
        Assert.False(explained.GetProperty("held").GetProperty("fresh").GetBoolean());
        Assert.NotEmpty(explained.GetProperty("why").GetString()!);
        var visible = explained.GetProperty("visible");
        return (visible.ValueKind == JsonValueKind.Null ? null : visible.GetBoolean(), explained.GetProperty("layer").GetString(),
            explained.GetProperty("reason").GetString());
    }
}
