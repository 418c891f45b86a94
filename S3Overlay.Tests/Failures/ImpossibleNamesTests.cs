using System.Security.Cryptography;
using System.Text;

using S3Overlay.Proxy.Protocol;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Failures;

/// <summary>
/// Keys that the local store refuses, while the remote has objects under them. They are read, copied and deleted like others. An impossible
/// request gets the store's own error and changes nothing (rules T1, R3, D1, W3, W5).
/// </summary>
public sealed class ImpossibleNamesTests : IAsyncLifetime
{
    private static readonly (string Name, string Value)[] Settings =
    [
        ("S3_OVERLAY_REMOTE_ACCESS_KEY_ID", "minioadmin"), ("S3_OVERLAY_REMOTE_SECRET_ACCESS_KEY", "minioadmin"),
        ("S3_OVERLAY_CACHE_ENABLED", "true"),
    ];

    private StoreServer _store = null!;
    private StoreServer _remote = null!;
    private OverlayHost _proxy = null!;

    /// <summary>A store, a key that it refuses, and what it says then.</summary>
    public static TheoryData<string, string, string> Names => new()
    {
        { "minio", "x//y", "XMinioInvalidObjectName" },
        { "minio", "../up", "XMinioInvalidResourceName" },
        { "minio", "a/./b", "XMinioInvalidResourceName" },
        { "versity", "../up", "400" },
        { "versity", new string('k', 300), "KeyTooLongError" },
        { "scality", string.Join('/', Enumerable.Repeat(new string('k', 199), 5)), "KeyTooLong" },
    };

    public async Task InitializeAsync()
    {
        _store = await StoreServer.StartAsync();
        _remote = await StoreServer.StartAsync();
        _proxy = await OverlayHost.StartAsync(_store.Endpoint, _remote.Endpoint, null, Settings);
        Assert.Equal(200, (await RemoteAsync("PUT", "/bucket")).Status);
        Assert.Equal(200, (await RemoteAsync("PUT", "/bucket/other", "other")).Status);
        Assert.Equal(200, (await _proxy.SendAsync("PUT", "/bucket/written", "mine")).Status);
    }

    public async Task DisposeAsync()
    {
        await _proxy.DisposeAsync();
        await _store.DisposeAsync();
        await _remote.DisposeAsync();
    }

    [Theory, Trait("Rule", "R3")]
    [MemberData(nameof(Names))]
    public async Task The_remotes_object_is_read(string store, string key, string code)
    {
        var path = await PutRemoteAsync(store, key, code);
        for (var reads = 0; reads < 2; reads++)
        {
            var head = await _proxy.SendAsync("HEAD", path);
            Assert.Equal((200, "10"), (head.Status, head.Headers["Content-Length"]));
            var part = await _proxy.SendAsync("GET", path, null, ("Range", "bytes=3-5"));
            Assert.Equal((206, "rem"), (part.Status, part.Text));
            var whole = await _proxy.SendAsync("GET", path);
            Assert.Equal((200, "of remote "), (whole.Status, whole.Text));
            await _proxy.WhenIdleAsync();
        }

        var tags = await _proxy.SendAsync("GET", path + "?tagging");
        Assert.Contains("<Value>v</Value>", tags.Text);
        var attributes = await _proxy.SendAsync("GET", path + "?attributes", null, ("x-amz-object-attributes", "ObjectSize"));
        Assert.Contains("<ObjectSize>10</ObjectSize>", attributes.Text);
        Assert.Equal("of remote ", (await _proxy.SendAsync("GET", path + "?versionId=null")).Text);

        // The remote's response to an unknown id.
        Assert.Equal(400, (await _proxy.SendAsync("HEAD", path + "?versionId=none")).Status);
    }

    [Theory, Trait("Rule", "R3")]
    [MemberData(nameof(Names))]
    public async Task An_unknown_name_is_404(string store, string key, string code)
    {
        var path = await PutRemoteAsync(store, key, code);
        Assert.Equal(204, (await RemoteAsync("DELETE", path)).Status);
        var get = await _proxy.SendAsync("GET", path);
        Assert.Equal((404, "NoSuchKey"), (get.Status, get.Code));
        Assert.Equal(404, (await _proxy.SendAsync("HEAD", path)).Status);
        Assert.Equal(404, (await _proxy.SendAsync("PUT", path, "mine", ("If-Match", "\"any\""))).Status);
        var put = await _proxy.SendAsync("PUT", path, "mine", ("If-None-Match", "*"));
        Assert.Equal((400, code), (put.Status, put.Code));
    }

    [Theory, Trait("Rule", "W4")]
    [MemberData(nameof(Names))]
    public async Task The_remotes_object_is_copied_to_a_name_that_is_possible(string store, string key, string code)
    {
        var path = await PutRemoteAsync(store, key, code);
        var copy = await _proxy.SendAsync("PUT", "/bucket/copy", null, ("x-amz-copy-source", path));
        Assert.Equal((200, ""), (copy.Status, copy.Code));
        Assert.Equal("of remote ", (await _proxy.SendAsync("GET", "/bucket/copy")).Text);

        var back = await _proxy.SendAsync("PUT", path, null, ("x-amz-copy-source", "/bucket/written"));
        Assert.Equal((400, code), (back.Status, back.Code));
        Assert.Equal("of remote ", (await _proxy.SendAsync("GET", path)).Text);
    }

    [Theory, Trait("Rule", "D1")]
    [MemberData(nameof(Names))]
    public async Task A_delete_hides_the_remotes_object_and_succeeds(string store, string key, string code)
    {
        var path = await PutRemoteAsync(store, key, code);
        var deleted = await _proxy.SendAsync("DELETE", path);
        Assert.Equal((204, ""), (deleted.Status, deleted.Text));
        await AssertDeletedAsync(path, key);
        Assert.Equal(204, (await _proxy.SendAsync("DELETE", path)).Status);
    }

    [Theory, Trait("Rule", "D1")]
    [MemberData(nameof(Names))]
    public async Task A_conditional_delete_succeeds_too(string store, string key, string code)
    {
        var path = await PutRemoteAsync(store, key, code);
        var refused = await _proxy.SendAsync("DELETE", path, null, ("If-Match", "\"of-another\""));
        Assert.Equal(412, refused.Status);
        var etag = (await _proxy.SendAsync("HEAD", path)).Headers["ETag"];
        Assert.Equal(204, (await _proxy.SendAsync("DELETE", path, null, ("If-Match", etag))).Status);
        await AssertDeletedAsync(path, key);
    }

    [Theory, Trait("Rule", "D3")]
    [MemberData(nameof(Names))]
    public async Task DeleteObjects_succeeds_too(string store, string key, string code)
    {
        var path = await PutRemoteAsync(store, key, code);
        var document = $"<Delete><Object><Key>{key}</Key></Object><Object><Key>written</Key></Object></Delete>";
        var many = await _proxy.SendAsync("POST", "/bucket?delete", document,
            ("Content-MD5", Convert.ToBase64String(MD5.HashData(Encoding.UTF8.GetBytes(document)))));
        Assert.DoesNotContain("<Error>", many.Text);
        Assert.Contains($"<Deleted><Key>{key}</Key>", many.Text);
        await AssertDeletedAsync(path, key);
    }

    [Theory, Trait("Rule", "V2")]
    [MemberData(nameof(Names))]
    public async Task Deleting_a_version_that_neither_layer_has_changes_nothing(string store, string key, string code)
    {
        var path = await PutRemoteAsync(store, key, code);
        Assert.Equal(204, (await _proxy.SendAsync("DELETE", path + "?versionId=one")).Status);
        Assert.Equal("of remote ", (await _proxy.SendAsync("GET", path)).Text);
        Assert.Equal(204, (await _proxy.SendAsync("DELETE", path + "?versionId=null")).Status);
        await AssertDeletedAsync(path, key);
    }

    [Theory, Trait("Rule", "W3")]
    [MemberData(nameof(Names))]
    public async Task A_write_is_refused_as_the_store_refuses_it_and_changes_nothing(string store, string key, string code)
    {
        var path = await PutRemoteAsync(store, key, code);
        var etag = (await _proxy.SendAsync("HEAD", path)).Headers["ETag"];
        foreach (var headers in ((string Name, string Value)[][])[[], [("If-Match", etag)]])
        {
            var put = await _proxy.SendAsync("PUT", path, "mine", headers);
            Assert.Equal((400, code), (put.Status, put.Code));
        }

        Assert.Equal(412, (await _proxy.SendAsync("PUT", path, "mine", ("If-None-Match", "*"))).Status);
        Assert.Equal(412, (await _proxy.SendAsync("PUT", path, "mine", ("If-Match", "\"of-another\""))).Status);
        Assert.Equal("of remote ", (await _proxy.SendAsync("GET", path)).Text);
    }

    [Theory, Trait("Rule", "W5")]
    [MemberData(nameof(Names))]
    public async Task Tags_cannot_be_set_and_the_store_says_why(string store, string key, string code)
    {
        var path = await PutRemoteAsync(store, key, code);
        var tagged = await _proxy
            .SendAsync("PUT", path + "?tagging", "<Tagging><TagSet><Tag><Key>k</Key><Value>other</Value></Tag></TagSet></Tagging>");
        Assert.Equal((400, code), (tagged.Status, tagged.Code));
        Assert.Contains("<Value>v</Value>", (await _proxy.SendAsync("GET", path + "?tagging")).Text);
        Assert.Equal("of remote ", (await _proxy.SendAsync("GET", path)).Text);
    }

    [Fact, Trait("Rule", "W5")]
    public async Task A_key_below_a_file_of_the_store_fails_at_once()
    {
        Assert.Equal(200, (await RemoteAsync("PUT", "/bucket/written/below", "of remote ")).Status);
        _store.Fail = request => request.Method == "PUT" && request.Path.Value!.EndsWith("/written/below", StringComparison.Ordinal)
            ? (409, "ObjectParentIsFile") : null;
        _remote.ForgetCalls();
        var tagged = await _proxy.SendAsync("PUT", "/bucket/written/below?tagging",
            "<Tagging><TagSet><Tag><Key>k</Key><Value>v</Value></Tag></TagSet></Tagging>");
        Assert.Equal((409, "ObjectParentIsFile"), (tagged.Status, tagged.Code));
        Assert.True(_remote.Calls.Count(call => call is { Method: "GET", Query: "" }) <= 1);
        var put = await _proxy.SendAsync("PUT", "/bucket/written/below", "mine");
        Assert.Equal((409, "ObjectParentIsFile"), (put.Status, put.Code));
        Assert.Equal("of remote ", (await _proxy.SendAsync("GET", "/bucket/written/below")).Text);
    }

    /// <summary>To Versity it is a folder that is not empty, but not an object.</summary>
    [Fact, Trait("Rule", "D1")]
    public async Task A_key_that_is_a_folder_to_the_store_is_deleted_as_the_remotes()
    {
        Assert.Equal(200, (await RemoteAsync("PUT", "/bucket/folder/", "of remote ")).Status);
        Assert.Equal(200, (await _proxy.SendAsync("PUT", "/bucket/folder/below", "mine")).Status);
        _store.Fail = request => request.Method == "DELETE" && request.Path.Value!.EndsWith("/bucket/folder/", StringComparison.Ordinal)
            ? (400, "ErrDirectoryNotEmpty") : null;
        Assert.Equal("of remote ", (await _proxy.SendAsync("GET", "/bucket/folder/")).Text);
        Assert.Equal(204, (await _proxy.SendAsync("DELETE", "/bucket/folder/")).Status);
        await AssertDeletedAsync("/bucket/folder/", "folder/");
        Assert.Equal("mine", (await _proxy.SendAsync("GET", "/bucket/folder/below")).Text);
    }

    [Fact, Trait("Rule", "T1")]
    public async Task A_400_of_another_reason_is_handed_on()
    {
        _store.Fail = _ => (400, "InvalidArgument");
        var get = await _proxy.SendAsync("GET", "/bucket/other");
        Assert.Equal((400, "InvalidArgument"), (get.Status, get.Code));
        Assert.Equal(400, (await _proxy.SendAsync("HEAD", "/bucket/other")).Status);
    }

    [Theory, Trait("Rule", "T3")]
    [InlineData("DELETE")]
    [InlineData("GET")]
    public async Task In_a_bucket_without_a_remote_the_stores_response_is_kept(string method)
    {
        await using var alone = await OverlayHost.StartAsync(_store.Endpoint, _remote.Endpoint, null,
            [.. Settings, ("S3_OVERLAY_UNMAPPED", "deny"), ("S3_OVERLAY_BUCKET_MAPPING", "mapped:mapped")]);
        _store.Fail = StoreNaming.Of("minio");
        var response = await alone.SendAsync(method, "/bucket/x//y");
        Assert.Equal((400, "XMinioInvalidObjectName"), (response.Status, response.Code));
    }

    private async Task AssertDeletedAsync(string path, string key)
    {
        var get = await _proxy.SendAsync("GET", path);
        Assert.Equal((404, "NoSuchKey"), (get.Status, get.Code));
        Assert.Equal(404, (await _proxy.SendAsync("HEAD", path)).Status);
        Assert.DoesNotContain($"<Key>{key}</Key>", (await _proxy.SendAsync("GET", "/bucket?list-type=2")).Text);
        Assert.Equal(200, (await RemoteAsync("HEAD", path)).Status);
    }

    /// <summary>Puts an object of ten bytes and a tag into the remote, and makes the store particular.</summary>
    private async Task<string> PutRemoteAsync(string store, string key, string code)
    {
        var path = "/bucket/" + UriEncoding.EncodeKey(key);
        Assert.Equal(200, (await RemoteAsync("PUT", path, "of remote ", ("x-amz-tagging", "k=v"))).Status);
        _store.Fail = StoreNaming.Of(store);
        var itself = await new SignedHttp(_store.Endpoint).SendAsync("GET", path);
        Assert.Equal((400, code), (itself.Status, itself.Code));
        Assert.Contains($"<Key>{key}</Key>", (await _proxy.SendAsync("GET", "/bucket?list-type=2")).Text);
        return path;
    }

    private Task<RawResponse> RemoteAsync(string method, string target, string? body = null,
        params (string Name, string Value)[] headers) =>
        new SignedHttp(_remote.Endpoint).SendAsync(method, target, body is null ? null : Encoding.UTF8.GetBytes(body), headers);
}
