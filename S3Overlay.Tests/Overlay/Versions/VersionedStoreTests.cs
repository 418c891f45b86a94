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

    [Theory, Trait("Rule", "V4")]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Deleting_the_marker_of_a_delete_shows_the_remote_again(bool deniesMarkers)
    {
        _store.DeniesMarkers = deniesMarkers;
        Assert.Equal("remote", (await _proxy.SendAsync("GET", "/bucket/key")).Text);
        var marker = (await _proxy.SendAsync("DELETE", "/bucket/key")).Headers["x-amz-version-id"];
        Assert.Equal(404, (await _proxy.SendAsync("GET", "/bucket/key")).Status);
        Assert.Equal(204, (await _proxy.SendAsync("DELETE", $"/bucket/key?versionId={marker}")).Status);
        Assert.Equal("remote", (await _proxy.SendAsync("GET", "/bucket/key")).Text);
        Assert.Empty(_store.VersionsOf("bucket", "key"));
        Assert.Equal((403, "AccessDenied"), await CodeAsync(_proxy.SendAsync("DELETE", $"/bucket/key?versionId={marker}")));
    }

    [Fact, Trait("Rule", "V4")]
    public async Task While_the_marker_of_an_earlier_delete_is_left_the_remote_stays_hidden()
    {
        var first = (await _proxy.SendAsync("DELETE", "/bucket/key")).Headers["x-amz-version-id"];
        var mine = (await _proxy.SendAsync("PUT", "/bucket/key", "mine")).Headers["x-amz-version-id"];
        var second = (await _proxy.SendAsync("DELETE", "/bucket/key")).Headers["x-amz-version-id"];
        await _proxy.SendAsync("DELETE", $"/bucket/key?versionId={second}");
        Assert.Equal("mine", (await _proxy.SendAsync("GET", "/bucket/key")).Text);
        await _proxy.SendAsync("DELETE", $"/bucket/key?versionId={mine}");
        Assert.Equal(404, (await _proxy.SendAsync("GET", "/bucket/key")).Status);
        await _proxy.SendAsync("DELETE", $"/bucket/key?versionId={first}");
        Assert.Equal("remote", (await _proxy.SendAsync("GET", "/bucket/key")).Text);
    }

    [Fact, Trait("Rule", "V4")]
    public async Task An_older_marker_that_is_deleted_takes_nothing_back()
    {
        var first = (await _proxy.SendAsync("DELETE", "/bucket/key")).Headers["x-amz-version-id"];
        var second = (await _proxy.SendAsync("DELETE", "/bucket/key")).Headers["x-amz-version-id"];
        await _proxy.SendAsync("DELETE", $"/bucket/key?versionId={first}");
        Assert.Equal(404, (await _proxy.SendAsync("GET", "/bucket/key")).Status);
        await _proxy.SendAsync("DELETE", $"/bucket/key?versionId={second}");
        Assert.Equal("remote", (await _proxy.SendAsync("GET", "/bucket/key")).Text);
    }

    /// <summary>The marker goes first, so that a request that ends in between can be repeated.</summary>
    [Fact, Trait("Rule", "V4")]
    public async Task A_marker_that_is_gone_already_still_takes_its_tombstone_back()
    {
        var marker = (await _proxy.SendAsync("DELETE", "/bucket/key")).Headers["x-amz-version-id"];
        using var http = new HttpClient();
        await http.DeleteAsync(new Uri(_store.Endpoint, $"/bucket/key?versionId={marker}"));
        Assert.Equal(404, (await _proxy.SendAsync("GET", "/bucket/key")).Status);
        var repeated = await _proxy.SendAsync("DELETE", $"/bucket/key?versionId={marker}");
        Assert.Equal((204, "true", marker), (repeated.Status, repeated.Headers["x-amz-delete-marker"], repeated.Headers["x-amz-version-id"]));
        Assert.Equal("remote", (await _proxy.SendAsync("GET", "/bucket/key")).Text);
    }

    /// <summary>What empties a bucket deletes each version by its id. A marker in its place would have to be deleted in turn, which would show the remote again.</summary>
    [Fact, Trait("Rule", "V3"), Trait("Rule", "D1")]
    public async Task Deleting_the_version_null_hides_the_remote_and_leaves_no_marker()
    {
        await _proxy.SendAsync("PUT", "/bucket/other", "mine");
        Assert.Contains("<Key>key</Key><VersionId>null</VersionId>", (await _proxy.SendAsync("GET", "/bucket?versions")).Text);
        Assert.Equal(204, (await _proxy.SendAsync("DELETE", "/bucket/key?versionId=null")).Status);
        Assert.Equal(404, (await _proxy.SendAsync("GET", "/bucket/key")).Status);
        Assert.Empty(_store.VersionsOf("bucket", "key"));
        Assert.DoesNotContain("<Key>key</Key>", (await _proxy.SendAsync("GET", "/bucket?versions")).Text);
    }

    [Fact, Trait("Rule", "D3"), Trait("Rule", "V4")]
    public async Task DeleteObjects_tells_of_the_markers_and_takes_them_back()
    {
        var made = await DeleteManyAsync("<Object><Key>key</Key></Object>");
        var marker = Assert.Single(_store.VersionsOf("bucket", "key")).Id;
        Assert.Contains($"<Deleted><Key>key</Key><DeleteMarker>true</DeleteMarker><DeleteMarkerVersionId>{marker}</DeleteMarkerVersionId></Deleted>", made);
        var gone = await DeleteManyAsync($"<Object><Key>key</Key><VersionId>{marker}</VersionId></Object>");
        Assert.Contains($"<VersionId>{marker}</VersionId><DeleteMarker>true</DeleteMarker><DeleteMarkerVersionId>{marker}</DeleteMarkerVersionId>", gone);
        Assert.Equal("remote", (await _proxy.SendAsync("GET", "/bucket/key")).Text);
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

    [Fact, Trait("Rule", "V4"), Trait("Rule", "T3")]
    public async Task A_locked_version_is_deleted_by_who_says_that_it_may_be()
    {
        _store.LocksVersions = true;
        var one = (await _proxy.SendAsync("PUT", "/bucket/key", "one")).Headers["x-amz-version-id"];
        var two = (await _proxy.SendAsync("PUT", "/bucket/key", "two")).Headers["x-amz-version-id"];
        Assert.Equal((403, "AccessDenied"), await CodeAsync(_proxy.SendAsync("DELETE", $"/bucket/key?versionId={one}")));
        Assert.Contains("<Code>AccessDenied</Code>", await DeleteManyAsync($"<Object><Key>key</Key><VersionId>{one}</VersionId></Object>"));
        var bypass = ("x-amz-bypass-governance-retention", "true");
        Assert.Equal(204, (await _proxy.SendAsync("DELETE", $"/bucket/key?versionId={one}", null, bypass)).Status);
        Assert.DoesNotContain("<Error>", await DeleteManyAsync($"<Object><Key>key</Key><VersionId>{two}</VersionId></Object>", bypass));
        Assert.Empty(_store.VersionsOf("bucket", "key"));
    }

    private static async Task<(int, string)> CodeAsync(Task<RawAnswer> sending) => (await sending) is var answer ? (answer.Status, answer.Code) : default;

    private async Task<string> DeleteManyAsync(string items, params (string Name, string Value)[] headers)
    {
        var body = $"<Delete>{items}</Delete>";
        var digest = Convert.ToBase64String(System.Security.Cryptography.MD5.HashData(System.Text.Encoding.UTF8.GetBytes(body)));
        return (await _proxy.SendAsync("POST", "/bucket?delete", body, [("Content-MD5", digest), .. headers])).Text;
    }

    private Task<RawAnswer> CopyAsync(string target, string version) =>
        _proxy.SendAsync("PUT", "/bucket/" + target, null, ("x-amz-copy-source", $"/bucket/key?versionId={version}"));
}
