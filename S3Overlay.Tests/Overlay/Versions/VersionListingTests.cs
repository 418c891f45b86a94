using System.Xml.Linq;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Versions;

/// <summary>
/// ListObjectVersions of a bucket whose store keeps versions (rule V3): local's, and the remote's current ones of keys that local knows
/// nothing of.
/// </summary>
[Trait("Rule", "V3")]
public class VersionListingTests : IAsyncLifetime
{
    private VersionedStore _store = null!;
    private ScriptedRemote _remote = null!;
    private OverlayHost _proxy = null!;

    /// <summary>Whether the store lists as Versity does (<see cref="VersionedStore.ListsInGroups"/>).</summary>
    protected virtual bool InGroups => false;

    /// <summary>Whether the store looks for versions as MinIO does (<see cref="VersionedStore.TakesNextKeysVersion"/>).</summary>
    protected virtual bool TakesNextKeysVersion => false;

    public async Task InitializeAsync()
    {
        _store = await VersionedStore.StartAsync();
        _store.ListsInGroups = InGroups;
        _store.TakesNextKeysVersion = TakesNextKeysVersion;
        _remote = await ScriptedRemote.StartAsync();
        foreach (var key in (string[])["a", "b", "c", "deleted", "dir/one", "dir/two", "gone/x", "z é+%"])
        {
            _remote.Put("bucket", key, "remote"u8.ToArray());
        }

        _proxy = await OverlayHost.StartAsync(_store.Endpoint, _remote.Endpoint);
    }

    public async Task DisposeAsync()
    {
        await _proxy.DisposeAsync();
        await _remote.DisposeAsync();
        await _store.DisposeAsync();
    }

    [Fact]
    public async Task The_remotes_objects_are_each_the_one_version_of_a_key_that_local_knows_nothing_of()
    {
        Assert.Equal(
            ["a null*", "b null*", "c null*", "deleted null*", "dir/one null*", "dir/two null*", "gone/x null*", "z é+% null*"],
            await ListAsync());
        await WriteAsync();
        Assert.Equal(All(), await ListAsync());
    }

    /// <summary>Whatever it is called there.</summary>
    [Fact, Trait("Rule", "V1")]
    public async Task The_version_null_of_a_key_is_the_remotes_current_object_where_local_has_none()
    {
        _remote.Put("bucket", "a", "remote"u8.ToArray(), ("x-amz-version-id", "theirs"), ("x-amz-tagging-count", "1"));
        Assert.Equal("remote", (await _proxy.SendAsync("GET", "/bucket/a?versionId=null")).Text);
        await _proxy.SendAsync("GET", "/bucket/a?tagging&versionId=null");
        await _proxy.SendAsync("GET", "/bucket/a?versionId=theirs");
        Assert.Equal(["tagging", "versionId=theirs"], _remote.Requests.Where(request => request.Key == "a" && request.RawQuery.Length > 0)
            .Select(request => request.RawQuery));
    }

    [Fact, Trait("Rule", "V1"), Trait("Rule", "W4")]
    public async Task A_copy_of_the_version_null_is_of_what_a_read_of_it_shows()
    {
        foreach (var key in (string[])["a", "b"])
        {
            Assert.Equal(200, (await _proxy.SendAsync("PUT", "/bucket/a", "mine")).Status);
            Assert.Equal("remote", (await _proxy.SendAsync("GET", $"/bucket/{key}?versionId=null")).Text);
            Assert.Equal(
                200, (await _proxy.SendAsync("PUT", "/bucket/copy", null, ("x-amz-copy-source", $"/bucket/{key}?versionId=null"))).Status);
            Assert.Equal("remote", (await _proxy.SendAsync("GET", "/bucket/copy")).Text);
        }

        Assert.Equal(204, (await _proxy.SendAsync("DELETE", "/bucket/b")).Status);
        Assert.Equal(404, (await _proxy.SendAsync("PUT", "/bucket/copy", null, ("x-amz-copy-source", "/bucket/b?versionId=null"))).Status);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(5)]
    public async Task Pages_continue_where_the_one_before_ended_even_within_a_key(int size)
    {
        await WriteAsync();
        Assert.Equal(All(), await ListPagesAsync(size));
    }

    /// <summary>
    /// The remote's objects are so called, too: behind one of them, which local lacks, nothing of the next key may be left out. Nor is one
    /// shown again behind what is older, as Versity gives it.
    /// </summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Pages_continue_after_the_null_version_of_either_layer(int size)
    {
        await WriteAsync();
        foreach (var key in (string[])["b", "dir/two", "new", "z é+%"])
        {
            _store.PutNull("bucket", key, "null"u8.ToArray());
        }

        await WriteAsync();
        Assert.Equal(All(), await ListAsync());
        Assert.Equal(All(), await ListPagesAsync(size));
    }

    /// <summary>The null version is requested separately only from stores that may repeat it.</summary>
    [Fact]
    public async Task A_page_that_begins_before_the_version_null_of_a_key_costs_one_page_of_the_store()
    {
        await _proxy.SendAsync("PUT", "/bucket/other", "makes the bucket");
        _store.PutNull("bucket", "b", "null"u8.ToArray());
        _store.PutMany("bucket", "b", "mine"u8.ToArray(), 2);
        var newer = _store.VersionsOf("bucket", "b")[1].Id;
        var asked = 0;
        _store.Before = call => Task.FromResult(call is { Path: "/bucket" or "/bucket/" }
            && call.Query.Contains("versions", StringComparison.Ordinal) ? ++asked : 0);
        var (rows, _) = await PageAsync($"&max-keys=2&key-marker=b&version-id-marker={newer}");
        Assert.Equal(["b null", "c null*"], rows);
        Assert.Equal(InGroups ? 2 : 1, asked);
    }

    /// <summary>
    /// Newer versions fill the first page of the key, so its null version is neither on that page nor on the requested one.
    /// </summary>
    [Theory]
    [InlineData(999)]
    [InlineData(1000)]
    [InlineData(2001)]
    public async Task The_version_null_is_not_shown_again_behind_more_newer_versions_than_a_page_has(int newer)
    {
        await _proxy.SendAsync("PUT", "/bucket/other", "makes the bucket");
        _store.PutMany("bucket", "b", "mine"u8.ToArray(), 2);
        _store.PutNull("bucket", "b", "null"u8.ToArray());
        _store.PutMany("bucket", "b", "mine"u8.ToArray(), newer);
        var versions = _store.VersionsOf("bucket", "b").Select(static version => version.Id).ToList();
        Assert.Equal("null", versions[newer]);

        // Before it, behind it, and behind what is older.
        foreach (var at in (int[])[newer - 1, newer, newer + 1])
        {
            var (rows, _) = await PageAsync($"&max-keys=3&key-marker=b&version-id-marker={versions[at]}");
            Assert.Equal(versions.Skip(at + 1).Select(static id => $"b {id}").Concat(["c null*", "deleted null*", "dir/one null*"]).Take(3),
                rows);
        }
    }

    private async Task<List<string>> ListPagesAsync(int size)
    {
        var (all, markers) = (new List<string>(), "");
        do
        {
            var (rows, next) = await PageAsync($"&max-keys={size}{markers}");
            Assert.InRange(rows.Count, 1, size);
            all.AddRange(rows);
            Assert.InRange(all.Count, 1, 100);
            markers = next;
        }
        while (markers.Length > 0);
        return all;
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(1000)]
    public async Task A_delimiter_rolls_up_what_both_layers_have(int size)
    {
        await _proxy.SendAsync("PUT", "/bucket/dir/new", "mine");
        await _proxy.SendAsync("PUT", "/bucket/mine/k", "mine");
        await _proxy.SendAsync("DELETE", "/bucket/gone/x");
        var (all, markers) = (new List<string>(), "");
        do
        {
            var (rows, next) = await PageAsync($"&delimiter=%2F&max-keys={size}{markers}");
            all.AddRange(rows);
            markers = next;
        }
        while (markers.Length > 0);

        // gone/ has a delete marker, which is a version.
        Assert.Equal(["a null*", "b null*", "c null*", "deleted null*", "dir/", "gone/", "mine/", "z é+% null*"], all);
        Assert.Equal([$"dir/new {_store.VersionsOf("bucket", "dir/new")[0].Id}*", "dir/one null*", "dir/two null*"],
            await ListAsync("&prefix=dir%2F"));
    }

    [Fact]
    public async Task A_remote_that_cannot_be_listed_is_an_error_and_not_half_a_list()
    {
        await WriteAsync();
        _remote.Script = async (request, context) =>
        {
            if (request.Key.Length > 0 || request.Method == "HEAD")
            {
                return ScriptedOutcome.AsUsual;
            }

            await ScriptedRemote.RespondErrorAsync(context, 403, "AccessDenied");
            return ScriptedOutcome.Answered;
        };
        Assert.Equal(503, (await _proxy.SendAsync("GET", "/bucket?versions")).Status);
    }

    /// <summary>
    /// The versions after <see cref="WriteAsync"/>, in the order of ListObjectVersions. A star is the latest, a minus a delete marker.
    /// </summary>
    private List<string> All()
    {
        var rows = new List<string>();
        foreach (var key in (string[])["a", "b", "c", "deleted", "dir/one", "dir/two", "gone/x", "new", "z é+%"])
        {
            var versions = _store.VersionsOf("bucket", key);
            rows.AddRange(versions.Select((version, i) => $"{key} {version.Id}{(i == 0 ? "*" : "")}{(version.Bytes is null ? "-" : "")}"));
            if (versions.Count == 0)
            {
                rows.Add($"{key} null*");
            }
        }

        return rows;
    }

    private async Task WriteAsync()
    {
        foreach (var (method, key) in ((string, string)[])
            [("PUT", "b"), ("PUT", "b"), ("PUT", "b"), ("PUT", "c"), ("DELETE", "c"), ("PUT", "c"), ("DELETE", "deleted"), ("PUT", "new"),
                ("PUT", "z%20%C3%A9%2B%25"), ("PUT", "z%20%C3%A9%2B%25")])
        {
            Assert.InRange((await _proxy.SendAsync(method, "/bucket/" + key, method == "PUT" ? "mine" : "")).Status, 200, 204);
        }
    }

    private async Task<List<string>> ListAsync(string query = "") => (await PageAsync(query)).Rows;

    private async Task<(List<string> Rows, string Next)> PageAsync(string query)
    {
        var response = await _proxy.SendAsync("GET", "/bucket?versions&encoding-type=url" + query);
        Assert.True(response.Status == 200, response.Text);
        var xml = XDocument.Parse(response.Text).Root!;
        string Text(XElement element, string name) => element.Elements().FirstOrDefault(child => child.Name.LocalName == name)?.Value ?? "";
        var rows = xml.Elements()
            .Where(element => element.Name.LocalName is "Version" or "DeleteMarker")
            .Select(element => Uri.UnescapeDataString(Text(element, "Key")) + " " + Text(element, "VersionId")
                + (Text(element, "IsLatest") == "true" ? "*" : "")
                + (element.Name.LocalName == "DeleteMarker" ? "-" : ""))
            .Concat(xml.Elements().Where(element => element.Name.LocalName == "CommonPrefixes")
                .Select(element => Uri.UnescapeDataString(Text(element, "Prefix"))))
            .ToList();
        if (query.Contains("delimiter", StringComparison.Ordinal))
        {
            rows.Sort(StringComparer.Ordinal);
        }

        return Text(xml, "IsTruncated") != "true"
            ? (rows, "")
            : (rows, $"&key-marker={Text(xml, "NextKeyMarker")}&version-id-marker={Text(xml, "NextVersionIdMarker")}");
    }
}
