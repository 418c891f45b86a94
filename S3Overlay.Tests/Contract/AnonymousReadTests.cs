using System.Net;
using System.Text;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Contract;

/// <summary>
/// The overlay's configuration makes some objects public. Anonymous clients read those, from either layer, and nothing else (rule A3).
/// </summary>
[Trait("Rule", "A3")]
public sealed class AnonymousReadTests : IAsyncLifetime
{
    private readonly HttpClient _http = new();
    private readonly List<IAsyncDisposable> _open = [];
    private ScriptedRemote _remote = null!;
    private OverlayHost _proxy = null!;

    public async Task InitializeAsync()
    {
        _remote = await ScriptedRemote.StartAsync();
        foreach (var bucket in (string[])["photos", "mixed", "secret"])
        {
            _remote.Put(bucket, "of-remote", "remote"u8.ToArray());
            _remote.Put(bucket, "open/of-remote", "open"u8.ToArray());
        }
    }

    public async Task DisposeAsync()
    {
        _http.Dispose();
        _open.Reverse();
        foreach (var part in _open)
        {
            await part.DisposeAsync();
        }

        await _remote.DisposeAsync();
    }

    [Theory]
    [InlineData("embedded")]
    [InlineData("store")]
    public async Task A_public_bucket_is_read_whichever_layer_has_its_objects(string local)
    {
        await StartAsync(local);
        Assert.Equal(200, (await _proxy.SendAsync("PUT", "/photos/written", "written")).Status);
        Assert.Equal(204, (await _proxy.SendAsync("DELETE", "/photos/open/of-remote")).Status);
        Assert.Equal((200, "written"), await AskAsync("GET", "/photos/written"));
        Assert.Equal((200, "remote"), await AskAsync("GET", "/photos/of-remote"));
        await _proxy.WhenIdleAsync();
        var asked = _remote.Requests.Count;
        Assert.Equal((200, "remote"), await AskAsync("GET", "/photos/of-remote"));
        Assert.Equal(asked, _remote.Requests.Count);
        Assert.Equal(404, (await AskAsync("GET", "/photos/open/of-remote")).Status);
        Assert.Equal(200, (await AskAsync("HEAD", "/photos/written")).Status);
        Assert.Equal(200, (await AskAsync("HEAD", "/photos")).Status);
        foreach (var listing in (string[])["/photos", "/photos?list-type=2"])
        {
            var (status, page) = await AskAsync("GET", listing);
            Assert.Equal(200, status);
            Assert.Contains("<Key>of-remote</Key>", page, StringComparison.Ordinal);
            Assert.Contains("<Key>written</Key>", page, StringComparison.Ordinal);
            Assert.DoesNotContain("open/of-remote", page, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("embedded")]
    [InlineData("store")]
    public async Task If_only_objects_are_public_nothing_else_of_the_bucket_is(string local)
    {
        await StartAsync(local);
        Assert.Equal((200, "open"), await AskAsync("GET", "/mixed/open/of-remote"));
        foreach (var refused in (string[])["/mixed/of-remote", "/mixed/open", "/mixed", "/mixed?list-type=2&prefix=open/",
            "/secret/of-remote", "/secret/open/of-remote", "/secret", "/"])
        {
            Assert.Equal((403, "AccessDenied"), Code(await AskAsync("GET", refused)));
        }
    }

    [Theory]
    [InlineData("embedded")]
    [InlineData("store")]
    public async Task Public_access_is_read_only(string local)
    {
        await StartAsync(local);
        Assert.Equal(200, (await _proxy.SendAsync("PUT", "/photos/written", "written")).Status);
        foreach (var (method, target) in ((string, string)[])
            [
                ("PUT", "/photos/new"), ("PUT", "/photos/written"), ("DELETE", "/photos/written"), ("POST", "/photos?delete"),
                ("POST", "/photos/new?uploads"), ("PUT", "/photos/written?tagging"),
                ("DELETE", "/photos"), ("PUT", "/photos?policy"), ("GET", "/photos?policy"), ("GET", "/photos?versions"),
                ("GET", "/photos?uploads"), ("GET", "/photos?acl"),
                ("GET", "/photos/written?versionId=0123456789"), ("HEAD", "/photos/written?versionId=0123456789"),
                ("GET", "/photos/written?attributes&versionId=0123456789"),
                ("GET", "/photos/written?acl"), ("GET", "/photos/written?tagging"), ("GET", "/-/v1/tombstones"),
            ])
        {
            Assert.Equal(403, (await AskAsync(method, target)).Status);
        }

        Assert.Equal((200, "written"), await AskAsync("GET", "/photos/written"));
    }

    [Theory]
    [InlineData("embedded")]
    [InlineData("store")]
    public async Task Unsigned_requests_choose_no_headers_and_no_freshness(string local)
    {
        await StartAsync(local);
        Assert.Equal(200, (await _proxy.SendAsync("PUT", "/photos/written", "written")).Status);
        foreach (var target in (string[])["/photos/written", "/photos/of-remote"])
        {
            Assert.Equal((400, "InvalidRequest"), Code(await AskAsync("GET", target + "?response-content-type=text/html")));
        }

        using var directed = new HttpRequestMessage(HttpMethod.Get, new Uri(_proxy.Endpoint, "/photos/of-remote"))
            { Headers = { { "Cache-Control", "only-if-cached" } } };
        using var answer = await _http.SendAsync(directed);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Fact]
    public async Task A_signed_request_may_read_what_is_public()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder["keys.json"],
            """[ { "accessKey": "visitor", "secretKey": "visitor-here", "rights": { "own": "write" } } ]""");
        await StartAsync("embedded", ("S3_OVERLAY_KEYS_FILE", folder["keys.json"]));
        var visitor = new SignedHttp(_proxy.Endpoint, "visitor", "visitor-here");
        Assert.Equal(200, (await visitor.SendAsync("PUT", "/own")).Status);
        Assert.Equal("remote", (await visitor.SendAsync("GET", "/photos/of-remote")).Text);
        Assert.Equal(200, (await visitor.SendAsync("PUT", "/own/copy", null, ("x-amz-copy-source", "/photos/of-remote"))).Status);
        Assert.Equal(403, (await visitor.SendAsync("PUT", "/own/copy", null, ("x-amz-copy-source", "/secret/of-remote"))).Status);
        Assert.Equal(403, (await visitor.SendAsync("PUT", "/photos/new", "x"u8.ToArray())).Status);
    }

    private static (int Status, string Code) Code((int Status, string Text) answer) =>
        (answer.Status, answer.Text.Split("<Code>") is [_, var rest] ? rest.Split('<')[0] : "");

    private async Task StartAsync(string local, params (string Name, string Value)[] settings)
    {
        StoreServer? store = null;
        if (local != "embedded")
        {
            _open.Add(store = await StoreServer.StartAsync());
        }

        _open.Add(_proxy = await OverlayHost.StartAsync(
            store?.Endpoint, _remote.Endpoint, null,
            [("S3_OVERLAY_CACHE_ENABLED", "true"), ("S3_OVERLAY_ANONYMOUS_READ", "photos, mixed/open/*"), .. settings]));
    }

    private async Task<(int Status, string Text)> AskAsync(string method, string target)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(_proxy.Endpoint, target));
        using var answer = await _http.SendAsync(request);
        return ((int)answer.StatusCode, Encoding.UTF8.GetString(await answer.Content.ReadAsByteArrayAsync()));
    }
}
