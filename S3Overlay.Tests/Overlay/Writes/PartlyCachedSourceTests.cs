using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Writes;

/// <summary>
/// Copies whose source is a partial entry of a version that the remote no longer has: the missing bytes are nowhere (rules W4, R7).
/// </summary>
[Trait("Rule", "W4")]
public sealed class PartlyCachedSourceTests : IAsyncLifetime
{
    private static readonly byte[] Old = [.. Enumerable.Range(0, 300_000).Select(i => (byte)(i % 251))];
    private static readonly byte[] New = [.. Enumerable.Range(0, 200_000).Select(i => (byte)(i % 241))];

    private ScriptedRemote _remote = null!;
    private OverlayHost _proxy = null!;

    public async Task InitializeAsync()
    {
        _remote = await ScriptedRemote.StartAsync();
        _proxy = await OverlayHost.StartEmbeddedAsync(
            _remote.Endpoint, ("S3_OVERLAY_CACHE_ENABLED", "true"), ("S3_OVERLAY_CHUNK_THRESHOLD", "64KiB"),
            ("S3_OVERLAY_CHUNK_SIZE", "64KiB"));
        _remote.Put("bucket", "other", [1]);
        _remote.Put("bucket", "source", Old);
        Assert.Equal(206, (await _proxy.SendAsync("GET", "/bucket/source", null, ("Range", "bytes=-1000"))).Status);
        await _proxy.WhenIdleAsync();
    }

    public async Task DisposeAsync()
    {
        await _proxy.DisposeAsync();
        await _remote.DisposeAsync();
    }

    [Fact]
    public async Task The_new_version_is_copied()
    {
        _remote.Put("bucket", "source", New);
        Assert.Equal(200, (await CopyAsync()).Status);
        Assert.Equal(New, (await _proxy.SendAsync("GET", "/bucket/copy")).Body);
    }

    [Fact]
    public async Task Conditions_apply_to_the_new_version()
    {
        var old = (await _proxy.SendAsync("HEAD", "/bucket/source")).Headers["ETag"];
        _remote.Put("bucket", "source", New);
        Assert.Equal(412, (await CopyAsync(("x-amz-copy-source-if-match", old))).Status);
        Assert.Equal(404, (await _proxy.SendAsync("HEAD", "/bucket/copy")).Status);
    }

    [Fact]
    public async Task A_deleted_source_is_not_found()
    {
        _remote.Remove("bucket", "source");
        var response = await CopyAsync();
        Assert.Equal((404, "NoSuchKey"), (response.Status, response.Code));
    }

    private Task<RawResponse> CopyAsync(params (string Name, string Value)[] headers) =>
        _proxy.SendAsync("PUT", "/bucket/copy", null, [("x-amz-copy-source", "/bucket/source"), .. headers]);
}
