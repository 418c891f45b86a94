using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Versions;

/// <summary>Object Lock in the built-in store over a remote (rule V5).</summary>
[Trait("Rule", "V5")]
public sealed class LockedVersionTests : IAsyncLifetime
{
    private const string Hold = "<LegalHold><Status>ON</Status></LegalHold>";
    private const string Release = "<LegalHold><Status>OFF</Status></LegalHold>";
    private const string Keys =
        """
        [{"accessKey": "minioadmin", "secretKey": "minioadmin", "rights": {"*": "write"}, "admin": true},
         {"accessKey": "narrow", "secretKey": "secret", "rights": {"bucket": "write"}},
         {"accessKey": "admin", "secretKey": "secret", "rights": {"bucket": "write"}, "admin": true}]
        """;

    private readonly TemporaryFolder _folder = new();
    private ScriptedRemote _remote = null!;
    private OverlayHost _proxy = null!;

    public async Task InitializeAsync()
    {
        await File.WriteAllTextAsync(_folder["keys.json"], Keys);
        _remote = await ScriptedRemote.StartAsync();
        _remote.Put("bucket", "key", "remote"u8.ToArray());
        _remote.Put("bucket", "other", "remote"u8.ToArray());
        _remote.Put("open", "key", "remote"u8.ToArray());
        _proxy = await OverlayHost.StartEmbeddedAsync(_remote.Endpoint, ("S3_OVERLAY_KEYS_FILE", _folder["keys.json"]));
        Assert.Equal(200, (await _proxy.SendAsync("PUT", "/bucket", null, ("x-amz-bucket-object-lock-enabled", "true"))).Status);
    }

    public async Task DisposeAsync()
    {
        await _proxy.DisposeAsync();
        await _remote.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_locked_version_stays_and_hides_the_remotes_object()
    {
        var version = await PutAsync("key", "mine");
        await HoldAsync("key", Hold);
        Assert.Equal(403, await DeleteAsync("key", version));
        Assert.Equal((200, "mine"), await GetAsync("key"));
        Assert.Equal(204, await DeleteAsync("key"));
        Assert.Equal(404, (await GetAsync("key")).Status);
        Assert.Equal(403, await DeleteAsync("key", version));
        Assert.Equal((200, "mine"), await GetAsync("key", version));
        Assert.Equal(409, (await _proxy.SendAsync("DELETE", "/bucket")).Status);

        await HoldAsync($"key?versionId={version}&", Release);
        Assert.Equal(204, await DeleteAsync("key", version));
        RequireReadsOnly();
    }

    /// <summary>Otherwise the object would be copied up for nothing.</summary>
    [Fact, Trait("Rule", "W5")]
    public async Task A_lock_of_the_remotes_object_is_refused_where_the_bucket_has_none()
    {
        var refused = await _proxy.SendAsync("PUT", "/open/key?legal-hold", Hold);
        Assert.Equal((400, "InvalidRequest"), (refused.Status, refused.Code));
        Assert.Equal("remote", (await _proxy.SendAsync("GET", "/open/key")).Headers["x-s3overlay-layer"]);
        var malformed = await _proxy.SendAsync("PUT", "/bucket/key?legal-hold", "<LegalHold/>");
        Assert.Equal((400, "MalformedXML"), (malformed.Status, malformed.Code));
        Assert.NotEqual("local", (await _proxy.SendAsync("GET", "/bucket/key")).Headers["x-s3overlay-layer"]);
    }

    [Fact, Trait("Rule", "W5")]
    public async Task Locking_the_remotes_object_copies_it_up()
    {
        await HoldAsync("key", Hold);
        var head = await _proxy.SendAsync("HEAD", "/bucket/key");
        Assert.Equal(("local", "ON"), (head.Headers["x-s3overlay-layer"], head.Headers["x-amz-object-lock-legal-hold"]));
        Assert.Equal(403, await DeleteAsync("key", head.Headers["x-amz-version-id"]));
        Assert.Equal(403, await DeleteAsync("key", head.Headers["x-amz-version-id"], "admin"));
        RequireReadsOnly();
    }

    /// <summary>The default retention is of this bucket, whatever the source's is.</summary>
    [Fact, Trait("Rule", "W4")]
    public async Task A_copy_of_the_remotes_object_gets_the_lock_that_the_request_names()
    {
        await _proxy.SendAsync("PUT", "/bucket/plain", null, ("x-amz-copy-source", "/open/key"));
        await _proxy.SendAsync("PUT", "/bucket/held", null, ("x-amz-copy-source", "/open/key"), ("x-amz-object-lock-legal-hold", "ON"));
        Assert.DoesNotContain("x-amz-object-lock-legal-hold", (await _proxy.SendAsync("HEAD", "/bucket/plain")).Headers.Keys);
        Assert.Equal("ON", (await _proxy.SendAsync("HEAD", "/bucket/held")).Headers["x-amz-object-lock-legal-hold"]);
    }

    [Fact]
    public async Task Only_administrators_and_who_may_write_everything_bypass_governance()
    {
        foreach (var (access, status) in ((string, int)[])[("narrow", 403), ("admin", 204), ("minioadmin", 204)])
        {
            var version = await PutAsync("key", "mine");
            var retained = await _proxy.SendAsync("PUT", "/bucket/key?retention",
                "<Retention><Mode>GOVERNANCE</Mode><RetainUntilDate>2999-01-01T00:00:00Z</RetainUntilDate></Retention>");
            Assert.Equal(200, retained.Status);
            Assert.Equal(403, await DeleteAsync("key", version, access, bypasses: "false"));
            Assert.Equal(status, await DeleteAsync("key", version, access));
        }
    }

    [Theory, Trait("Rule", "P3")]
    [InlineData("")]
    [InlineData("&versions=true")]
    public async Task A_revert_leaves_a_key_with_a_locked_version_as_it_is(string options)
    {
        var locked = await PutAsync("key", "locked");
        await HoldAsync("key", Hold);
        var newest = options.Length == 0 ? locked : await PutAsync("key", "newest");
        await PutAsync("other", "mine");
        var reverted = await _proxy.SendAsync("POST", "/-/v1/revert?bucket=bucket" + options);
        Assert.Contains("\"locked\":1", reverted.Text, StringComparison.Ordinal);
        Assert.Equal((200, "remote"), await GetAsync("other"));
        Assert.Equal((200, "locked"), await GetAsync("key", locked));
        Assert.Equal((await GetAsync("key", newest)).Text, (await GetAsync("key")).Text);
    }

    /// <summary>
    /// The version from before versioning: its refused delete leaves no tombstone, which would hide the remote's object later.
    /// </summary>
    [Fact, Trait("Rule", "D1")]
    public async Task A_refused_delete_of_the_null_version_changes_nothing()
    {
        await _proxy.SendAsync("PUT", "/open/key", "before");
        await _proxy.SendAsync("PUT", "/open?versioning", "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>");
        await _proxy.SendAsync("PUT", "/open?object-lock",
            "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled></ObjectLockConfiguration>");
        Assert.Equal(200, (await _proxy.SendAsync("PUT", "/open/key?legal-hold", Hold)).Status);
        Assert.Equal(403, (await _proxy.SendAsync("DELETE", "/open/key?versionId=null")).Status);
        Assert.Equal(200, (await _proxy.SendAsync("PUT", "/open/key?legal-hold", Release)).Status);
        await _proxy.SendAsync("POST", "/-/v1/revert?bucket=open&key=key");
        Assert.Equal("remote", (await _proxy.SendAsync("GET", "/open/key")).Text);
        Assert.DoesNotContain("key", (await _proxy.SendAsync("GET", "/-/v1/changes?bucket=open")).Text, StringComparison.Ordinal);
    }

    private void RequireReadsOnly() =>
        Assert.All(_remote.Requests, static request => Assert.Contains(request.Method, (string[])["GET", "HEAD"]));

    private async Task<string> PutAsync(string key, string text) =>
        (await _proxy.SendAsync("PUT", "/bucket/" + key, text)).Headers["x-amz-version-id"];

    private async Task HoldAsync(string key, string document)
    {
        var target = "/bucket/" + (key.Contains('?', StringComparison.Ordinal) ? key : key + "?") + "legal-hold";
        var response = await _proxy.SendAsync("PUT", target, document);
        Assert.True(response.Status == 200, response.Text);
    }

    private async Task<int> DeleteAsync(string key, string? version = null, string? access = null, string bypasses = "true")
    {
        var http = access is null or "minioadmin" ? _proxy.Http : new SignedHttp(_proxy.Endpoint, access, "secret");
        return (await http.SendAsync("DELETE", $"/bucket/{key}{(version is null ? "" : "?versionId=" + version)}", null,
            ("x-amz-bypass-governance-retention", bypasses))).Status;
    }

    private async Task<(int Status, string Text)> GetAsync(string key, string? version = null)
    {
        var response = await _proxy.SendAsync("GET", $"/bucket/{key}{(version is null ? "" : "?versionId=" + version)}");
        return (response.Status, response.Text);
    }
}
