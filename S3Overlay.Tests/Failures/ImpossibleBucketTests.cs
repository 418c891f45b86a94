using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Failures;

/// <summary>Buckets of the remote whose names the local store rejects, or that belong to another account there (rules B1, B2).</summary>
public sealed class ImpossibleBucketTests : IAsyncLifetime
{
    private StoreServer _store = null!;
    private ScriptedRemote _remote = null!;
    private OverlayHost _proxy = null!;

    public async Task InitializeAsync()
    {
        _store = await StoreServer.StartAsync();
        _remote = await ScriptedRemote.StartAsync();
        _remote.Put("My_Bucket", "key", "of the remote"u8.ToArray());
        _remote.Put("theirs", "key", "of the remote"u8.ToArray());
        _proxy = await OverlayHost.StartAsync(_store.Endpoint, _remote.Endpoint, null, ("S3_OVERLAY_CACHE_ENABLED", "true"));
    }

    public async Task DisposeAsync()
    {
        await _proxy.DisposeAsync();
        await _store.DisposeAsync();
        await _remote.DisposeAsync();
    }

    [Theory, Trait("Rule", "B1")]
    [InlineData("minio")]
    [InlineData("versity")]
    public async Task A_bucket_that_the_store_cannot_name_is_read_and_listed(string store)
    {
        _store.Fail = StoreNaming.Of(store);
        Assert.Equal(200, (await _proxy.SendAsync("HEAD", "/My_Bucket")).Status);
        for (var reads = 0; reads < 2; reads++)
        {
            Assert.Equal("of the remote", (await _proxy.SendAsync("GET", "/My_Bucket/key")).Text);
            Assert.Equal(200, (await _proxy.SendAsync("HEAD", "/My_Bucket/key")).Status);
            await _proxy.WhenIdleAsync();
        }

        Assert.Equal((404, "NoSuchKey"), await CodeAsync("GET", "/My_Bucket/none"));
        Assert.Contains("<Key>key</Key>", (await _proxy.SendAsync("GET", "/My_Bucket?list-type=2")).Text);
        Assert.Contains("<Key>key</Key>", (await _proxy.SendAsync("GET", "/My_Bucket?versions")).Text);
        Assert.Equal(200, (await _proxy.SendAsync("PUT", "/bucket")).Status);
        Assert.Equal(200, (await _proxy.SendAsync("PUT", "/bucket/copy", null, ("x-amz-copy-source", "/My_Bucket/key"))).Status);
    }

    [Theory, Trait("Rule", "B2")]
    [InlineData("minio")]
    [InlineData("versity")]
    public async Task Writes_that_need_it_say_why_they_fail_and_change_nothing(string store)
    {
        _store.Fail = StoreNaming.Of(store);
        Assert.Equal((400, "InvalidBucketName"), await CodeAsync("PUT", "/My_Bucket/key", "mine"));
        Assert.Equal((400, "InvalidBucketName"), await CodeAsync("DELETE", "/My_Bucket/key"));
        Assert.Equal("of the remote", (await _proxy.SendAsync("GET", "/My_Bucket/key")).Text);
    }

    [Theory, Trait("Rule", "B1")]
    [InlineData("AccessDenied", 403)]
    [InlineData("SignatureDoesNotMatch", 503)]
    public async Task A_bucket_of_another_owner_is_denied_and_bad_keys_are_the_proxys_own_error(string code, int status)
    {
        _store.Fail = request => request.Path.Value!.StartsWith("/theirs", StringComparison.Ordinal) ? (403, code) : null;
        foreach (var (method, target) in ((string, string)[])[("PUT", "/theirs/key"), ("DELETE", "/theirs/key"),
            ("GET", "/theirs?list-type=2")])
        {
            var response = await _proxy.SendAsync(method, target, method == "PUT" ? "mine" : null);
            Assert.True(response.Status == status, $"{method}: {response.Status} {response.Text}");
            Assert.Equal(status == 403 ? "AccessDenied" : "ServiceUnavailable", response.Code);
        }
    }

    private async Task<(int Status, string Code)> CodeAsync(string method, string target, string? body = null)
    {
        var response = await _proxy.SendAsync(method, target, body);
        return (response.Status, response.Code);
    }
}
