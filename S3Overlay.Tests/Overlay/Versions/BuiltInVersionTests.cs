using System.Text.RegularExpressions;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Versions;

/// <summary>Versions in the built-in store over a remote (rules V1 to V4).</summary>
public sealed partial class BuiltInVersionTests : IAsyncLifetime
{
    private ScriptedRemote _remote = null!;
    private OverlayHost _proxy = null!;

    public async Task InitializeAsync()
    {
        _remote = await ScriptedRemote.StartAsync();
        _remote.Put("bucket", "key", "remote"u8.ToArray());
        _remote.Put("bucket", "other", "remote"u8.ToArray());
        _proxy = await OverlayHost.StartEmbeddedAsync(_remote.Endpoint);
        Assert.Equal(200, (await _proxy.SendAsync(
            "PUT", "/bucket?versioning", "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>")).Status);
    }

    public async Task DisposeAsync()
    {
        await _proxy.DisposeAsync();
        await _remote.DisposeAsync();
    }

    [Fact, Trait("Rule", "V1")]
    public async Task A_version_is_read_in_local_and_null_in_the_remote()
    {
        var first = await PutAsync("key", "first");
        await PutAsync("key", "second");
        Assert.Equal((200, "second"), await GetAsync("key"));
        Assert.Equal((200, "first"), await GetAsync("key", first));
        Assert.Equal((200, "remote"), await GetAsync("key", "null"));
        await DeleteAsync("key");
        Assert.Equal((200, "first"), await GetAsync("key", first));
        Assert.Equal(404, (await GetAsync("key", "null")).Status);
    }

    [Fact, Trait("Rule", "V1")]
    public async Task A_key_that_was_deleted_and_written_again_has_no_version_of_the_remote()
    {
        await DeleteAsync("key");
        await PutAsync("key", "mine");
        foreach (var query in (string[])["versionId=null", "tagging&versionId=null"])
        {
            Assert.Equal(404, (await _proxy.SendAsync("GET", "/bucket/key?" + query)).Status);
        }

        (string, string) source = ("x-amz-copy-source", "/bucket/key?versionId=null");
        Assert.Equal(404, (await _proxy.SendAsync("PUT", "/bucket/copy", null, source)).Status);
        Assert.Equal((200, "mine"), await GetAsync("key"));
    }

    [Fact, Trait("Rule", "V3")]
    public async Task A_listing_shows_locals_versions_or_the_remotes_object()
    {
        Assert.Equal(["key null latest", "other null latest"], await ListAsync());
        var first = await PutAsync("key", "first");
        var second = await PutAsync("key", "second");
        var marker = await DeleteAsync("other");
        Assert.Equal([$"key {second} latest", $"key {first}", $"marker other {marker} latest"], await ListAsync());
    }

    [Fact, Trait("Rule", "V4")]
    public async Task Deleting_the_marker_undoes_the_delete()
    {
        var written = await PutAsync("key", "mine");
        foreach (var key in (string[])["key", "other"])
        {
            var marker = await DeleteAsync(key);
            var missing = await _proxy.SendAsync("GET", "/bucket/" + key);
            Assert.Equal((404, "true", marker),
                (missing.Status, missing.Headers["x-amz-delete-marker"], missing.Headers["x-amz-version-id"]));
            Assert.Equal(405, (await GetAsync(key, marker)).Status);
            var undone = await _proxy.SendAsync("DELETE", $"/bucket/{key}?versionId={marker}");
            Assert.Equal((204, "true"), (undone.Status, undone.Headers["x-amz-delete-marker"]));
        }

        Assert.Equal((200, "mine"), await GetAsync("key"));
        Assert.Equal((200, "remote"), await GetAsync("other"));
        Assert.Equal(204, (await _proxy.SendAsync("DELETE", $"/bucket/key?versionId={written}")).Status);
        Assert.Equal((200, "remote"), await GetAsync("key"));
    }

    [Fact, Trait("Rule", "V2")]
    public async Task A_version_that_local_lacks_cannot_be_deleted()
    {
        var refused = await _proxy.SendAsync("DELETE", "/bucket/other?versionId=an-id-of-the-remote");
        Assert.Equal((403, "AccessDenied"), (refused.Status, refused.Code));
        Assert.Equal((200, "remote"), await GetAsync("other"));
    }

    [Fact, Trait("Rule", "V2")]
    public async Task A_version_that_nobody_has_is_gone_already()
    {
        var version = await PutAsync("key", "mine");
        _remote.Script = async (request, context) =>
        {
            if (!request.RawQuery.StartsWith("versionId=", StringComparison.Ordinal))
            {
                return ScriptedOutcome.AsUsual;
            }

            await (request.Key == "other" ? ScriptedRemote.RespondErrorAsync(context, 503, "ServiceUnavailable")
                : ScriptedRemote.RespondErrorAsync(context, 404, "NoSuchVersion"));
            return ScriptedOutcome.Answered;
        };
        for (var i = 0; i < 2; i++)
        {
            var deleted = await _proxy.SendAsync("DELETE", $"/bucket/key?versionId={version}", null, ("If-Match", "*"));
            Assert.Equal((204, version), (deleted.Status, deleted.Headers["x-amz-version-id"]));
        }

        Assert.Equal((200, "remote"), await GetAsync("key"));
        Assert.Equal(503, (await _proxy.SendAsync("DELETE", $"/bucket/other?versionId={version}")).Status);
    }

    /// <summary>The remaining conditions are for directory buckets, which have no versions. A marker has a date, and no bytes.</summary>
    [Fact, Trait("Rule", "W3")]
    public async Task Conditions_on_size_and_date_are_judged_on_the_marker_of_a_deleted_key()
    {
        await PutAsync("key", "");
        var marker = await DeleteAsync("key");
        var (past, size) = (("x-amz-if-match-last-modified-time", "Thu, 01 Jan 2015 00:00:00 GMT"), ("x-amz-if-match-size", "9"));
        Assert.Equal(412, (await _proxy.SendAsync("DELETE", "/bucket/key", null, past)).Status);
        Assert.Equal(412, (await _proxy.SendAsync("DELETE", "/bucket/key", null, size)).Status);
        Assert.Equal((404, "NoSuchKey"), await CodeAsync("DELETE", "/bucket/key", ("If-Match", "*")));
        Assert.Equal((404, "NoSuchKey"), await CodeAsync("DELETE", "/bucket/key", ("If-Match", "*"), size));
        Assert.Equal($"marker key {marker} latest", (await ListAsync()).First());
        Assert.Equal(204, (await _proxy.SendAsync("DELETE", "/bucket/never", null, size)).Status);
        Assert.Equal((404, "NoSuchKey"), await CodeAsync("DELETE", "/bucket/absent", ("If-Match", "*")));

        async Task<(int, string)> CodeAsync(string method, string target, params (string, string)[] headers) =>
            await _proxy.SendAsync(method, target, null, headers) is var response ? (response.Status, response.Code) : default;
    }

    [Fact, Trait("Rule", "V4")]
    public async Task A_conditional_delete_leaves_a_marker_too()
    {
        await PutAsync("key", "mine");
        foreach (var key in (string[])["key", "other"])
        {
            var etag = (await _proxy.SendAsync("HEAD", "/bucket/" + key)).Headers["ETag"];
            Assert.Equal(412, (await _proxy.SendAsync("DELETE", "/bucket/" + key, null, ("If-Match", "\"0\""))).Status);
            var deleted = await _proxy.SendAsync("DELETE", "/bucket/" + key, null, ("If-Match", etag));
            Assert.Equal((204, "true"), (deleted.Status, deleted.Headers["x-amz-delete-marker"]));
            Assert.Equal(404, (await GetAsync(key)).Status);
            await _proxy.SendAsync("DELETE", $"/bucket/{key}?versionId={deleted.Headers["x-amz-version-id"]}");
            Assert.Equal(200, (await GetAsync(key)).Status);
        }
    }

    [Fact, Trait("Rule", "P3")]
    public async Task A_revert_removes_several_versions_only_on_request()
    {
        await PutAsync("key", "first");
        await PutAsync("key", "second");
        Assert.Contains("\"withVersions\":1", await RevertAsync(""), StringComparison.Ordinal);
        Assert.Equal((200, "second"), await GetAsync("key"));
        await RevertAsync("&versions=true");
        Assert.Equal((200, "remote"), await GetAsync("key"));
        await DeleteAsync("other");
        await RevertAsync("");
        Assert.Equal((200, "remote"), await GetAsync("other"));
    }

    [Fact, Trait("Rule", "P3")]
    public async Task A_revert_of_a_delete_leaves_the_older_versions()
    {
        var only = await PutAsync("key", "only");
        await DeleteAsync("key");
        await PutAsync("other", "first");
        var second = await PutAsync("other", "second");
        await DeleteAsync("other");
        Assert.Contains("\"reverted\":2", await RevertAsync(""), StringComparison.Ordinal);
        Assert.Equal((200, "remote"), await GetAsync("key"));
        Assert.Equal((200, "remote"), await GetAsync("other"));
        Assert.Equal((200, "only"), await GetAsync("key", only));
        Assert.Equal((200, "second"), await GetAsync("other", second));
    }

    private async Task<string> RevertAsync(string options)
    {
        var response = await _proxy.SendAsync("POST", "/-/v1/revert?bucket=bucket" + options);
        Assert.True(response.Status == 200, response.Text);
        return response.Text;
    }

    private async Task<string> PutAsync(string key, string text) =>
        (await _proxy.SendAsync("PUT", "/bucket/" + key, text)).Headers["x-amz-version-id"];

    private async Task<string> DeleteAsync(string key) =>
        (await _proxy.SendAsync("DELETE", "/bucket/" + key)).Headers["x-amz-version-id"];

    private async Task<(int Status, string Text)> GetAsync(string key, string? version = null)
    {
        var response = await _proxy.SendAsync("GET", $"/bucket/{key}{(version is null ? "" : "?versionId=" + version)}");
        return (response.Status, response.Text);
    }

    private async Task<List<string>> ListAsync() => [.. VersionRow().Matches((await _proxy.SendAsync("GET", "/bucket?versions")).Text)
        .Select(static row => $"{(row.Groups[1].Value == "Version" ? "" : "marker ")}{row.Groups[2].Value} {row.Groups[3].Value}"
            + (row.Groups[4].Value == "true" ? " latest" : ""))];

    [GeneratedRegex("<(Version|DeleteMarker)><Key>(.*?)</Key><VersionId>(.*?)</VersionId><IsLatest>(.*?)</IsLatest>")]
    private static partial Regex VersionRow();
}
