using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Writes;

/// <summary>
/// Objects that clients encrypted with their own keys, at a store that shows them only to requests with the key, as S3 does. The overlay's
/// own requests still get responses, and the remote's object never replaces an existing one.
/// </summary>
public sealed class CustomerKeyTests : IAsyncLifetime
{
    private const string Wrong = "\"00000000000000000000000000000000\"";

    private VersionedStore _store = null!;
    private ScriptedRemote _remote = null!;
    private OverlayHost _proxy = null!;
    private string _id = "";
    private string _etag = "";

    public async Task InitializeAsync()
    {
        _store = await VersionedStore.StartAsync();
        _remote = await ScriptedRemote.StartAsync();
        _remote.Put("bucket", "k", "remote"u8.ToArray());
        _proxy = await OverlayHost.StartAsync(_store.Endpoint, _remote.Endpoint);
    }

    public async Task DisposeAsync()
    {
        await _proxy.DisposeAsync();
        await _remote.DisposeAsync();
        await _store.DisposeAsync();
    }

    [Theory, Trait("Rule", "V1"), Trait("Rule", "W4")]
    [InlineData(true, false)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    [InlineData(false, true)]
    public async Task A_version_that_local_has_is_what_is_copied(bool isNull, bool isDeleted)
    {
        await WriteAsync(isNull);
        if (isDeleted && !isNull)
        {
            Assert.Equal(204, (await _proxy.SendAsync("DELETE", "/bucket/k")).Status);
        }

        var copied = await CopyAsync("copy", $"/bucket/k?versionId={_id}", CustomerKey.SourceHeaders());
        Assert.True(copied.Status == 200, copied.Text);
        Assert.Equal("mine", (await _proxy.SendAsync("GET", "/bucket/copy")).Text);
        var again = await CopyAsync("again", $"/bucket/k?versionId={_id}", [.. CustomerKey.SourceHeaders(), .. CustomerKey.Headers(2)]);
        Assert.True(again.Status == 200, again.Text);
        Assert.Equal("mine", (await _proxy.SendAsync("GET", "/bucket/again", null, CustomerKey.Headers(2))).Text);
    }

    /// <summary>The store's own response to such a copy.</summary>
    [Theory, Trait("Rule", "V1"), Trait("Rule", "W4")]
    [InlineData(true, 0, 400, "InvalidRequest")]
    [InlineData(false, 0, 400, "InvalidRequest")]
    [InlineData(true, 2, 403, "AccessDenied")]
    [InlineData(false, 2, 403, "AccessDenied")]
    public async Task Without_its_key_nothing_is_copied(bool isNull, byte key, int status, string code)
    {
        await WriteAsync(isNull);
        var refused = await CopyAsync("copy", $"/bucket/k?versionId={_id}", key == 0 ? [] : CustomerKey.SourceHeaders(key));
        Assert.Equal((status, code), (refused.Status, refused.Code));
        Assert.Equal(404, (await _proxy.SendAsync("GET", "/bucket/copy")).Status);
    }

    [Fact, Trait("Rule", "W4")]
    public async Task A_copy_of_the_remotes_object_may_be_given_one()
    {
        for (var i = 0; i < 2; i++)
        {
            var copied = await CopyAsync("copy", "/bucket/k", CustomerKey.Headers());
            Assert.True(copied.Status == 200, copied.Text);
            Assert.Contains("<LastModified>2026-01-02T03:04:05.000Z</LastModified>", copied.Text, StringComparison.Ordinal);
        }

        Assert.Equal("remote", (await _proxy.SendAsync("GET", "/bucket/copy", null, CustomerKey.Headers())).Text);
        Assert.Equal(400, (await _proxy.SendAsync("GET", "/bucket/copy")).Status);
    }

    /// <summary>
    /// The copy was made. The store does not show it without the key, but that is no failure, and a retry would not help.
    /// </summary>
    [Fact, Trait("Rule", "W4")]
    public async Task A_finished_copy_is_reported_even_if_it_cannot_be_read()
    {
        _store.Before = call => call is { Method: "HEAD", Path: "/bucket/copy" } ? throw new IOException("gone") : Task.CompletedTask;
        var copied = await CopyAsync("copy", "/bucket/k");
        Assert.True(copied.Status == 200, copied.Text);
    }

    [Theory, Trait("Rule", "W3")]
    [InlineData(false, true)]
    [InlineData(false, false)]
    [InlineData(true, true)]
    [InlineData(true, false)]
    public async Task Deletes_name_the_versions_of_the_listing(bool isNull, bool namesVersion)
    {
        await WriteAsync(isNull);
        var target = "/bucket/k" + (namesVersion ? $"?versionId={_id}" : "");
        foreach (var (name, value) in ((string, string)[])[("If-Match", Wrong), ("x-amz-if-match-size", "5"),
            ("x-amz-if-match-last-modified-time", "Sun, 06 Nov 1994 08:49:37 GMT")])
        {
            var refused = await _proxy.SendAsync("DELETE", target, null, (name, value));
            Assert.Equal((412, "PreconditionFailed"), (refused.Status, refused.Code));
            Assert.Equal("mine", (await _proxy.SendAsync("GET", "/bucket/k", null, CustomerKey.Headers())).Text);
        }

        var deleted = await _proxy.SendAsync(
            "DELETE", target, null, ("If-Match", _etag), ("x-amz-if-match-size", "4"),
            ("x-amz-if-match-last-modified-time", "Fri, 02 Jan 2026 03:04:05 GMT"));
        Assert.True(deleted.Status == 204, deleted.Text);
        Assert.DoesNotContain(_store.VersionsOf("bucket", "k"), version => (isNull || namesVersion) && version.Bytes is not null);
    }

    [Theory, Trait("Rule", "W3"), Trait("Rule", "D3")]
    [InlineData("", true)]
    [InlineData("", false)]
    [InlineData("<VersionId>null</VersionId>", true)]
    [InlineData("<VersionId>null</VersionId>", false)]
    public async Task DeleteObjects_names_them_too(string version, bool listsVersions)
    {
        _store.ListsVersions = listsVersions;
        await WriteAsync(isNull: true);
        await _proxy.SendAsync("PUT", "/bucket/k2", "behind");
        var refused = await _proxy
            .SendAsync("POST", "/bucket?delete", $"<Delete><Object><Key>k</Key>{version}<ETag>{Wrong}</ETag></Object></Delete>");
        Assert.Contains("<Code>PreconditionFailed</Code>", refused.Text, StringComparison.Ordinal);
        var deleted = await _proxy
            .SendAsync("POST", "/bucket?delete", $"<Delete><Object><Key>k</Key>{version}<ETag>{_etag}</ETag></Object></Delete>");
        Assert.Contains("<Deleted><Key>k</Key>", deleted.Text, StringComparison.Ordinal);
        Assert.Equal(404, (await _proxy.SendAsync("GET", "/bucket/k")).Status);
    }

    [Theory, Trait("Rule", "V1"), Trait("Rule", "T1")]
    [InlineData("GET")]
    [InlineData("HEAD")]
    public async Task A_local_version_exists_even_without_its_key(string method)
    {
        await WriteAsync(isNull: false);
        Assert.Equal(400, (await _proxy.SendAsync(method, $"/bucket/k?versionId={_id}")).Status);
        Assert.Equal(200, (await _proxy.SendAsync(method, $"/bucket/k?versionId={_id}", null, CustomerKey.Headers())).Status);
    }

    /// <summary>Ceph refuses with the code that other stores use for invalid ids.</summary>
    [Theory, Trait("Rule", "V1"), Trait("Rule", "T1")]
    [InlineData("GET", 0, "")]
    [InlineData("GET", 2, "")]
    [InlineData("HEAD", 0, "")]
    [InlineData("HEAD", 2, "")]
    [InlineData("GET", 0, "attributes&")]
    [InlineData("GET", 2, "attributes&")]
    public async Task A_local_version_exists_even_if_refused_as_by_Ceph(string method, byte key, string about)
    {
        _store.RefusesKeysAsCeph = true;
        await WriteAsync(isNull: false);
        Assert.Equal(204, (await _proxy.SendAsync("DELETE", "/bucket/k")).Status);
        var headers = key == 0 ? [] : CustomerKey.Headers(key);
        var refused = await _proxy.SendAsync(method, $"/bucket/k?{about}versionId={_id}", null,
            [("x-amz-object-attributes", "ETag"), .. headers]);
        Assert.Equal((400, method == "GET" ? "InvalidArgument" : ""), (refused.Status, refused.Code));
        Assert.Equal(
            404, (await _proxy.SendAsync(method, $"/bucket/k?{about}versionId=another", null,
            [("x-amz-object-attributes", "ETag"), .. headers])).Status);
    }

    [Theory, Trait("Rule", "V1"), Trait("Rule", "W4")]
    [InlineData(0)]
    [InlineData(2)]
    public async Task A_local_version_that_is_refused_as_by_Ceph_is_not_copied(byte key)
    {
        _store.RefusesKeysAsCeph = true;
        await WriteAsync(isNull: true);
        var refused = await CopyAsync("copy", $"/bucket/k?versionId={_id}", key == 0 ? [] : CustomerKey.SourceHeaders(key));
        Assert.Equal((400, "InvalidArgument"), (refused.Status, refused.Code));
        Assert.Equal(404, (await _proxy.SendAsync("GET", "/bucket/copy")).Status);
    }

    private async Task WriteAsync(bool isNull)
    {
        _store.IsSuspended = isNull;
        var put = await _proxy.SendAsync("PUT", "/bucket/k", "mine", CustomerKey.Headers());
        Assert.Equal(200, put.Status);
        (_id, _etag) = (put.Headers["x-amz-version-id"], put.Headers["ETag"]);
        Assert.Equal(isNull, _id == "null");
    }

    private Task<RawResponse> CopyAsync(string target, string source, params (string Name, string Value)[] headers) =>
        _proxy.SendAsync("PUT", "/bucket/" + target, null, [("x-amz-copy-source", source), .. headers]);
}
