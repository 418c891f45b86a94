using System.Text.RegularExpressions;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Contract;

/// <summary>ListBuckets shows a key the buckets that it has a right to (rule A2).</summary>
[Trait("Rule", "A2")]
public sealed class BucketListRightsTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();

    public Task InitializeAsync() => File.WriteAllTextAsync(
        _folder["keys.json"],
        """
        [ { "accessKey": "minioadmin", "secretKey": "minioadmin", "rights": { "*": "write" } },
          { "accessKey": "reader", "secretKey": "reader-here", "rights": { "p*": "read", "docs/in/*": "write" } },
          { "accessKey": "keys", "secretKey": "keys-here", "rights": { "*/in/*": "write" } },
          { "accessKey": "none", "secretKey": "none-here", "rights": { "elsewhere": "write" } } ]
        """);

    public Task DisposeAsync()
    {
        _folder.Dispose();
        return Task.CompletedTask;
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task And_no_others(bool onStore, bool hasRemote)
    {
        await using var store = await StoreServer.StartAsync();
        await using var remote = await ScriptedRemote.StartAsync();
        remote.AddBucket("public-far");
        remote.AddBucket("secret-far");
        (string, string)[] mapped = hasRemote ? [("S3_OVERLAY_BUCKET_MAPPING", "public-far:public-far,secret-far:secret-far")] : [];
        await using var proxy = await OverlayHost.StartAsync(
            onStore ? store.Endpoint : null, hasRemote ? remote.Endpoint : null, null,
            [("S3_OVERLAY_KEYS_FILE", _folder["keys.json"]), ("S3_OVERLAY_ANONYMOUS_READ", "open-all"), .. mapped]);
        foreach (var bucket in (string[])["docs", "open-all", "photos", "private", "secret"])
        {
            Assert.Equal(200, (await proxy.SendAsync("PUT", "/" + bucket)).Status);
        }

        string[] far = hasRemote ? ["public-far"] : [];
        string[] farther = hasRemote ? ["secret-far"] : [];
        string[] all = ["docs", "open-all", "photos", "private", .. far, "secret", .. farther];
        string[] ofPrefix = ["photos", "private", .. far];
        string[] open = ["open-all"];
        Assert.Equal(all, Names(await proxy.SendAsync("GET", "/")));
        var reader = new SignedHttp(proxy.Endpoint, "reader", "reader-here");
        string[] expected = ["docs", "open-all", "photos", "private", .. far];
        Assert.Equal(expected, Names(await reader.SendAsync("GET", "/")));
        Assert.Equal(all, Names(await new SignedHttp(proxy.Endpoint, "keys", "keys-here").SendAsync("GET", "/")));
        Assert.Equal(open, Names(await new SignedHttp(proxy.Endpoint, "none", "none-here").SendAsync("GET", "/?events=s3:*")));

        // Page by page, and no token names a bucket that is not shown.
        var (pages, token) = (new List<string>(), "");
        do
        {
            var page = await reader.SendAsync("GET", "/?max-buckets=1" + (token.Length > 0 ? $"&continuation-token={token}" : ""));
            pages.AddRange(Names(page));
            token = Regex.Match(page.Text, "<ContinuationToken>(.*)</ContinuationToken>").Groups[1].Value;
        }
        while (token.Length > 0 && pages.Count < 10);

        Assert.Equal(expected, pages);
        Assert.Equal(ofPrefix, Names(await reader.SendAsync("GET", "/?prefix=p")));
        Assert.Equal((400, "InvalidArgument"), await reader.SendAsync("GET", "/?max-buckets=0") is var odd ? (odd.Status, odd.Code)
            : default);
    }

    /// <summary>A store's response about all its buckets needs rights on all of them.</summary>
    [Theory]
    [InlineData("minioadmin", "minioadmin", true)]
    [InlineData("reader", "reader-here", false)]
    public async Task A_stores_own_service_requests_follow_the_same_rule(string key, string secret, bool isAllowed)
    {
        await using var store = await StoreServer.StartAsync();
        var asked = 0;
        store.Take = context =>
        {
            asked += context.Request.Query.ContainsKey("usage") ? 1 : 0;
            return null;
        };
        await using var proxy = await OverlayHost.StartAsync(store.Endpoint, null, null, ("S3_OVERLAY_KEYS_FILE", _folder["keys.json"]),
            ("S3_OVERLAY_LOCAL_STORE", "ceph"));
        var response = await new SignedHttp(proxy.Endpoint, key, secret).SendAsync("GET", "/?usage");
        Assert.Equal(isAllowed ? 1 : 0, asked);
        Assert.Equal(isAllowed, response.Status != 403);
    }

    private static string[] Names(RawResponse response)
    {
        Assert.True(response.Status == 200, response.Text);
        return [.. Regex.Matches(response.Text, "<Bucket><Name>([^<]*)</Name>").Select(match => match.Groups[1].Value)];
    }
}
