using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Versions;

/// <summary>An overlay whose store keeps versions (rules V1, V2, V4, D1).</summary>
public sealed class VersionedStoreTests : IAsyncLifetime
{
    private VersionedStore _store = null!;
    private ScriptedRemote _remote = null!;
    private OverlayHost _proxy = null!;

    public async Task InitializeAsync()
    {
        _store = await VersionedStore.StartAsync();
        _remote = await ScriptedRemote.StartAsync();
        _remote.Put("bucket", "key", "remote"u8.ToArray());
        _proxy = await OverlayHost.StartAsync(_store.Endpoint, _remote.Endpoint);
    }

    public async Task DisposeAsync()
    {
        await _proxy.DisposeAsync();
        await _remote.DisposeAsync();
        await _store.DisposeAsync();
    }

    [Fact, Trait("Rule", "D1")]
    public async Task A_delete_makes_a_marker_at_the_store_and_hides_the_remote()
    {
        var put = await _proxy.SendAsync("PUT", "/bucket/key", "mine");
        var delete = await _proxy.SendAsync("DELETE", "/bucket/key");
        Assert.Equal((204, "true"), (delete.Status, delete.Headers["x-amz-delete-marker"]));
        Assert.Equal([delete.Headers["x-amz-version-id"], put.Headers["x-amz-version-id"]], _store.VersionsOf("bucket", "key").Select(version => version.Id));
        Assert.Equal(404, (await _proxy.SendAsync("GET", "/bucket/key")).Status);
        Assert.Equal(404, (await _proxy.SendAsync("HEAD", "/bucket/key")).Status);
    }

    [Fact, Trait("Rule", "V1")]
    public async Task A_version_is_read_while_the_key_is_deleted()
    {
        var id = (await _proxy.SendAsync("PUT", "/bucket/key", "mine")).Headers["x-amz-version-id"];
        await _proxy.SendAsync("DELETE", "/bucket/key");
        Assert.Equal("mine", (await _proxy.SendAsync("GET", $"/bucket/key?versionId={id}")).Text);
        Assert.Equal(404, (await _proxy.SendAsync("GET", "/bucket/key?versionId=none")).Status);
    }

    [Fact, Trait("Rule", "V1")]
    public async Task A_version_is_copied_while_the_key_is_deleted_or_has_a_newer_one()
    {
        var id = (await _proxy.SendAsync("PUT", "/bucket/key", "older")).Headers["x-amz-version-id"];
        await _proxy.SendAsync("PUT", "/bucket/key", "newer");
        Assert.Equal(200, (await CopyAsync("one", id)).Status);
        await _proxy.SendAsync("DELETE", "/bucket/key");
        Assert.Equal(200, (await CopyAsync("two", id)).Status);
        Assert.Equal("older", (await _proxy.SendAsync("GET", "/bucket/one")).Text);
        Assert.Equal("older", (await _proxy.SendAsync("GET", "/bucket/two")).Text);
        Assert.Equal((404, "NoSuchVersion"), await CodeAsync(CopyAsync("three", "none")));
    }

    [Fact, Trait("Rule", "V4")]
    public async Task Deleting_the_marker_shows_the_version_before_it_and_deleting_a_version_takes_it_away()
    {
        var older = (await _proxy.SendAsync("PUT", "/bucket/key", "older")).Headers["x-amz-version-id"];
        var newer = (await _proxy.SendAsync("PUT", "/bucket/key", "newer")).Headers["x-amz-version-id"];
        var marker = (await _proxy.SendAsync("DELETE", "/bucket/key")).Headers["x-amz-version-id"];

        // The key is deleted, and its versions can be all the same.
        Assert.Equal(204, (await _proxy.SendAsync("DELETE", $"/bucket/key?versionId={newer}")).Status);
        Assert.Equal(404, (await _proxy.SendAsync("GET", "/bucket/key")).Status);
        var undone = await _proxy.SendAsync("DELETE", $"/bucket/key?versionId={marker}");
        Assert.Equal((204, "true"), (undone.Status, undone.Headers["x-amz-delete-marker"]));
        Assert.Equal("older", (await _proxy.SendAsync("GET", "/bucket/key")).Text);
        Assert.Equal(older, Assert.Single(_store.VersionsOf("bucket", "key")).Id);
    }

    [Fact, Trait("Rule", "V2")]
    public async Task A_version_that_the_store_lacks_is_not_ours_to_delete()
    {
        await _proxy.SendAsync("PUT", "/bucket/other", "makes the bucket");
        Assert.Equal((403, "AccessDenied"), await CodeAsync(_proxy.SendAsync("DELETE", "/bucket/key?versionId=of-the-remote")));
        await _proxy.SendAsync("PUT", "/bucket/key", "mine");
        Assert.Equal((403, "AccessDenied"), await CodeAsync(_proxy.SendAsync("DELETE", "/bucket/key?versionId=of-the-remote")));
        Assert.Single(_store.VersionsOf("bucket", "key"));
    }

    private static async Task<(int, string)> CodeAsync(Task<RawAnswer> sending) => (await sending) is var answer ? (answer.Status, answer.Code) : default;

    private Task<RawAnswer> CopyAsync(string target, string version) =>
        _proxy.SendAsync("PUT", "/bucket/" + target, null, ("x-amz-copy-source", $"/bucket/key?versionId={version}"));
}
