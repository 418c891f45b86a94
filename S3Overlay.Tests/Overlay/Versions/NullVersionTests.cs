using Microsoft.AspNetCore.Http;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Versions;

/// <summary>
/// The version <c>null</c> over a store that has no versions and rejects every id, as Versity without a folder for them. For clients it is
/// the object itself, local's or the remote's (rules V1, V3).
/// </summary>
public sealed class NullVersionTests : IAsyncLifetime
{
    private StoreServer _store = null!;
    private ScriptedRemote _remote = null!;
    private OverlayHost _proxy = null!;

    public async Task InitializeAsync()
    {
        _store = await StoreServer.StartAsync();
        _store.Fail = WithoutVersions;
        _remote = await ScriptedRemote.StartAsync();
        _remote.Put("bucket", "remote", "of the remote"u8.ToArray());
        _remote.Put("bucket", "written", "of the remote"u8.ToArray());
        _proxy = await OverlayHost.StartAsync(_store.Endpoint, _remote.Endpoint);
        Assert.Equal(200, (await _proxy.SendAsync("PUT", "/bucket/written", "mine", ("x-amz-tagging", "k=v"))).Status);
    }

    public async Task DisposeAsync()
    {
        await _proxy.DisposeAsync();
        await _store.DisposeAsync();
        await _remote.DisposeAsync();
    }

    [Theory, Trait("Rule", "V1")]
    [InlineData("written", "mine")]
    [InlineData("remote", "of the remote")]
    public async Task It_is_read(string key, string bytes)
    {
        var get = await _proxy.SendAsync("GET", $"/bucket/{key}?versionId=null");
        Assert.Equal((200, bytes), (get.Status, get.Text));
        var head = await _proxy.SendAsync("HEAD", $"/bucket/{key}?versionId=null");
        Assert.Equal((200, $"{bytes.Length}"), (head.Status, head.Headers["Content-Length"]));
    }

    [Fact, Trait("Rule", "V1")]
    public async Task Its_tags_are_read_and_replaced()
    {
        Assert.Contains("<Value>v</Value>", (await _proxy.SendAsync("GET", "/bucket/written?tagging&versionId=null")).Text);
        var tags = "<Tagging><TagSet><Tag><Key>k</Key><Value>other</Value></Tag></TagSet></Tagging>";
        Assert.Equal(200, (await _proxy.SendAsync("PUT", "/bucket/written?tagging&versionId=null", tags)).Status);
        Assert.Contains("<Value>other</Value>", (await _proxy.SendAsync("GET", "/bucket/written?tagging")).Text);
    }

    [Theory, Trait("Rule", "W4")]
    [InlineData("written", "mine")]
    [InlineData("remote", "of the remote")]
    public async Task It_is_copied(string key, string bytes)
    {
        var copy = await _proxy.SendAsync("PUT", "/bucket/copy", null, ("x-amz-copy-source", $"/bucket/{key}?versionId=null"));
        Assert.Equal((200, ""), (copy.Status, copy.Code));
        Assert.Equal(bytes, (await _proxy.SendAsync("GET", "/bucket/copy")).Text);
    }

    [Theory, Trait("Rule", "V3")]
    [InlineData("written")]
    [InlineData("remote")]
    public async Task It_is_deleted(string key)
    {
        Assert.Equal(204, (await _proxy.SendAsync("DELETE", $"/bucket/{key}?versionId=null")).Status);
        Assert.Equal(404, (await _proxy.SendAsync("GET", $"/bucket/{key}")).Status);
        Assert.Equal(404, (await _proxy.SendAsync("GET", $"/bucket/{key}?versionId=null")).Status);
    }

    private static (int Status, string Code)? WithoutVersions(HttpRequest request) =>
        request.Query.ContainsKey("versioning") ? (501, "VersioningNotConfigured")
        : request.Query.ContainsKey("versionId") || request.Headers["x-amz-copy-source"].ToString()
            .Contains("versionId", StringComparison.Ordinal) ? (400, "InvalidArgument")
        : null;
}
