using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Versions;

/// <summary>An overlay whose store keeps versions (rules V1, V2, V4, D1).</summary>
public class VersionedStoreTests : IAsyncLifetime
{
    private VersionedStore _store = null!;
    private ScriptedRemote _remote = null!;
    private OverlayHost _proxy = null!;

    /// <summary>Whether the store lists as Versity does (<see cref="VersionedStore.ListsInGroups"/>).</summary>
    protected virtual bool InGroups => false;

    public async Task InitializeAsync()
    {
        _store = await VersionedStore.StartAsync();
        _store.ListsInGroups = InGroups;
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
        Assert.Equal([delete.Headers["x-amz-version-id"], put.Headers["x-amz-version-id"]],
            _store.VersionsOf("bucket", "key").Select(version => version.Id));
        foreach (var method in (string[])["GET", "HEAD"])
        {
            // With what S3 says of the marker, as the store says it (rule T1).
            var gone = await _proxy.SendAsync(method, "/bucket/key");
            Assert.Equal(404, gone.Status);
            Assert.Equal(("true", delete.Headers["x-amz-version-id"]), (
                gone.Headers.GetValueOrDefault("x-amz-delete-marker"), gone.Headers.GetValueOrDefault("x-amz-version-id")));
        }
    }

    [Fact, Trait("Rule", "V4")]
    public async Task A_conditional_delete_of_the_remotes_object_makes_a_marker_which_undoes_it()
    {
        var etag = (await _proxy.SendAsync("HEAD", "/bucket/key")).Headers["ETag"];
        Assert.Equal(412, (await _proxy.SendAsync("DELETE", "/bucket/key", null, ("If-Match", "\"other\""))).Status);
        var delete = await _proxy.SendAsync("DELETE", "/bucket/key", null, ("If-Match", etag));
        Assert.Equal((204, "true"), (delete.Status, delete.Headers.GetValueOrDefault("x-amz-delete-marker")));
        Assert.Equal(delete.Headers["x-amz-version-id"], Assert.Single(_store.VersionsOf("bucket", "key")).Id);
        Assert.Equal(404, (await _proxy.SendAsync("GET", "/bucket/key")).Status);
        Assert.Equal(204, (await _proxy.SendAsync("DELETE", $"/bucket/key?versionId={delete.Headers["x-amz-version-id"]}")).Status);
        Assert.Equal("remote", (await _proxy.SendAsync("GET", "/bucket/key")).Text);
    }

    [Fact, Trait("Rule", "F")]
    public async Task A_conditional_delete_that_cannot_ask_about_versions_has_not_begun()
    {
        var etag = (await _proxy.SendAsync("HEAD", "/bucket/key")).Headers["ETag"];
        _store.Before = call => call.Query.Contains("versioning", StringComparison.Ordinal) ? throw new IOException("gone")
            : Task.CompletedTask;
        Assert.Equal(503, (await _proxy.SendAsync("DELETE", "/bucket/key", null, ("If-Match", etag))).Status);
        _store.Before = null;
        Assert.Equal("remote", (await _proxy.SendAsync("GET", "/bucket/key")).Text);
        Assert.Equal(204, (await _proxy.SendAsync("DELETE", "/bucket/key", null, ("If-Match", etag))).Status);
        Assert.Equal(404, (await _proxy.SendAsync("GET", "/bucket/key")).Status);
    }

    [Fact, Trait("Rule", "V3")]
    public async Task Where_the_store_does_not_list_versions_each_object_is_its_null()
    {
        _store.ListsVersions = false;
        _remote.Put("bucket", "deleted", "remote"u8.ToArray());
        await _proxy.SendAsync("PUT", "/bucket/a/written", "mine");
        await _proxy.SendAsync("PUT", "/bucket/mine", "mine");
        await _proxy.SendAsync("DELETE", "/bucket/deleted");
        var asked = 0;
        _store.Before = call => Task.FromResult(call.Query.Contains("versions", StringComparison.Ordinal) ? ++asked : 0);
        foreach (var (query, keys) in ((string, string[])[])[("", ["a/written", "key", "mine"]), ("&delimiter=/", ["key", "mine"]),
            ("&key-marker=key", ["mine"])])
        {
            var page = await _proxy.SendAsync("GET", $"/bucket?versions{query}");
            Assert.Equal(200, page.Status);
            var root = System.Xml.Linq.XDocument.Parse(page.Text).Root!;
            var versions = root.Elements(root.Name.Namespace + "Version").ToList();
            Assert.Equal(keys, versions.Select(version => version.Element(root.Name.Namespace + "Key")!.Value));
            Assert.All(versions, version => Assert.Equal("null", version.Element(root.Name.Namespace + "VersionId")!.Value));
        }

        Assert.Equal(1, asked);
    }

    [Fact, Trait("Rule", "V3")]
    public async Task A_bucket_whose_versions_are_refused_says_nothing_of_others()
    {
        await _proxy.SendAsync("PUT", "/other");
        await _proxy.SendAsync("PUT", "/other/key", "mine");
        _store.ListsVersions = false;
        Assert.Contains("<VersionId>null</VersionId>", (await _proxy.SendAsync("GET", "/bucket?versions")).Text, StringComparison.Ordinal);
        _store.ListsVersions = true;
        Assert.DoesNotContain("<VersionId>null</VersionId>", (await _proxy.SendAsync("GET", "/other?versions")).Text,
            StringComparison.Ordinal);
    }

    /// <summary>The refusal may have come from a gateway, temporarily.</summary>
    [Fact, Trait("Rule", "V3")]
    public async Task Refused_versions_are_requested_again_a_minute_later()
    {
        var clock = new ManualTimeProvider(DateTimeOffset.UtcNow);
        await using var store = await VersionedStore.StartAsync();
        await using var proxy = await OverlayHost.StartAsync(store.Endpoint, _remote.Endpoint, clock);
        await clock.RunAsync(proxy.SendAsync("PUT", "/bucket/key", "mine"));
        store.ListsVersions = false;
        Assert.Contains("<VersionId>null</VersionId>", (await ListAsync()).Text, StringComparison.Ordinal);
        store.ListsVersions = true;
        Assert.Contains("<VersionId>null</VersionId>", (await ListAsync()).Text, StringComparison.Ordinal);
        clock.Advance(TimeSpan.FromMinutes(1));
        Assert.DoesNotContain("<VersionId>null</VersionId>", (await ListAsync()).Text, StringComparison.Ordinal);

        Task<RawResponse> ListAsync() => clock.RunAsync(proxy.SendAsync("GET", "/bucket?versions"));
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

        // The key is deleted, but its versions can still be deleted too.
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
    public async Task Deleting_an_older_marker_undoes_nothing()
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
    public async Task Deleting_a_missing_marker_still_removes_its_tombstone()
    {
        var marker = (await _proxy.SendAsync("DELETE", "/bucket/key")).Headers["x-amz-version-id"];
        using var http = new HttpClient();
        await http.DeleteAsync(new Uri(_store.Endpoint, $"/bucket/key?versionId={marker}"));
        Assert.Equal(404, (await _proxy.SendAsync("GET", "/bucket/key")).Status);
        var repeated = await _proxy.SendAsync("DELETE", $"/bucket/key?versionId={marker}");
        Assert.Equal(
            (204, "true", marker), (repeated.Status, repeated.Headers["x-amz-delete-marker"], repeated.Headers["x-amz-version-id"]));
        Assert.Equal("remote", (await _proxy.SendAsync("GET", "/bucket/key")).Text);
    }

    /// <summary>
    /// A client that empties a bucket deletes each version by its id. A marker in its place would have to be deleted too, and that would
    /// show the remote's object again.
    /// </summary>
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

    /// <summary>After the newest versions are gone, the same client deletes the older ones, with conditions from the list it saw.</summary>
    [Fact, Trait("Rule", "W3"), Trait("Rule", "V3")]
    public async Task The_version_null_of_a_deleted_key_is_deleted_where_the_conditions_hold_of_it()
    {
        await _proxy.SendAsync("PUT", "/bucket/other", "makes the bucket");
        _store.PutNull("bucket", "key", "older"u8.ToArray());
        var etag = _store.VersionsOf("bucket", "key")[0].ETag!;
        var marker = (await _proxy.SendAsync("DELETE", "/bucket/key")).Headers["x-amz-version-id"];
        foreach (var (name, value) in ((string, string)[])[("If-Match", "\"other\""), ("x-amz-if-match-size", "6")])
        {
            Assert.Equal((412, "PreconditionFailed"),
                await CodeAsync(_proxy.SendAsync("DELETE", "/bucket/key?versionId=null", null, (name, value))));
        }

        Assert.Equal([marker, "null"], _store.VersionsOf("bucket", "key").Select(version => version.Id));
        var delete = await _proxy.SendAsync("DELETE", "/bucket/key?versionId=null", null, ("If-Match", etag), ("x-amz-if-match-size", "5"));
        Assert.Equal(204, delete.Status);
        Assert.Equal([marker], _store.VersionsOf("bucket", "key").Select(version => version.Id));
        Assert.Equal(404, (await _proxy.SendAsync("GET", "/bucket/key")).Status);
    }

    [Fact, Trait("Rule", "D3"), Trait("Rule", "V4")]
    public async Task DeleteObjects_reports_markers_and_deletes_them()
    {
        var made = await DeleteManyAsync("<Object><Key>key</Key></Object>");
        var marker = Assert.Single(_store.VersionsOf("bucket", "key")).Id;
        Assert.Contains(
            $"<Deleted><Key>key</Key><DeleteMarker>true</DeleteMarker><DeleteMarkerVersionId>{marker}</DeleteMarkerVersionId></Deleted>",
            made);
        var gone = await DeleteManyAsync($"<Object><Key>key</Key><VersionId>{marker}</VersionId></Object>");
        Assert.Contains(
            $"<VersionId>{marker}</VersionId><DeleteMarker>true</DeleteMarker><DeleteMarkerVersionId>{marker}</DeleteMarkerVersionId>",
            gone);
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
    public async Task A_locked_version_is_deleted_if_the_client_bypasses_the_lock()
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

    private static async Task<(int, string)> CodeAsync(Task<RawResponse> sending) =>
        (await sending) is var response ? (response.Status, response.Code) : default;

    private async Task<string> DeleteManyAsync(string items, params (string Name, string Value)[] headers)
    {
        var body = $"<Delete>{items}</Delete>";
        var digest = Convert.ToBase64String(System.Security.Cryptography.MD5.HashData(System.Text.Encoding.UTF8.GetBytes(body)));
        return (await _proxy.SendAsync("POST", "/bucket?delete", body, [("Content-MD5", digest), .. headers])).Text;
    }

    private Task<RawResponse> CopyAsync(string target, string version) =>
        _proxy.SendAsync("PUT", "/bucket/" + target, null, ("x-amz-copy-source", $"/bucket/key?versionId={version}"));
}
