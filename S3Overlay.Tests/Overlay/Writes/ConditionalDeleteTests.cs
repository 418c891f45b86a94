using System.Text;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Writes;

/// <summary>Deletes with conditions on ETag, size or date. Ignoring one of them would lose an object.</summary>
[Trait("Rule", "W3")]
public sealed class ConditionalDeleteTests : IAsyncLifetime
{
    private const string OnBuiltIn = "built-in";
    private const string OnStore = "store";
    private const string OnStoreWithoutConditions = "store that knows no conditions";

    private ScriptedRemote _remote = null!;
    private StoreServer _store = null!;
    private OverlayHost? _proxy;

    /// <summary>Every kind of local, and whose object it is.</summary>
    public static TheoryData<string, bool> Layers
    {
        get
        {
            var rows = new TheoryData<string, bool>();
            foreach (var local in (string[])[OnBuiltIn, OnStore, OnStoreWithoutConditions])
            {
                rows.Add(local, false);
                rows.Add(local, true);
            }

            return rows;
        }
    }

    public async Task InitializeAsync() => (_remote, _store) = (await ScriptedRemote.StartAsync(), await StoreServer.StartAsync());

    public async Task DisposeAsync()
    {
        await (_proxy?.DisposeAsync() ?? ValueTask.CompletedTask);
        await _store.DisposeAsync();
        await _remote.DisposeAsync();
    }

    [Theory]
    [MemberData(nameof(Layers))]
    public async Task All_that_is_named_must_hold(string local, bool isWritten)
    {
        var proxy = await StartAsync(local);
        await ArrangeAsync(proxy, "k", isWritten);
        var head = await proxy.SendAsync("HEAD", "/bucket/k");
        (string, string) etag = ("If-Match", head.Headers["ETag"]), size = ("x-amz-if-match-size", "5"),
        date = ("x-amz-if-match-last-modified-time", head.Headers["Last-Modified"]);
        (string, string) wrongSize = ("x-amz-if-match-size", "6"), wrongDate =
            ("x-amz-if-match-last-modified-time", "Sun, 06 Nov 1994 08:49:37 GMT");
        foreach (var headers in ((string, string)[][])[[wrongSize], [wrongDate], [etag, wrongSize], [size, wrongDate],
            [("If-Match", "\"wrong\""), size, date]])
        {
            var refused = await proxy.SendAsync("DELETE", "/bucket/k", null, headers);
            Assert.Equal((412, "PreconditionFailed"), (refused.Status, refused.Code));
            Assert.Equal("value", (await proxy.SendAsync("GET", "/bucket/k")).Text);
        }

        for (var i = 0; i < 3; i++)
        {
            // It is another object each time, perhaps of another second.
            var deleted = await proxy.SendAsync("DELETE", "/bucket/k", null, i == 0 ? [size] : i == 1 ? [date] : [etag, size, date]);
            Assert.True(deleted.Status == 204, deleted.Text);
            Assert.Equal(404, (await proxy.SendAsync("GET", "/bucket/k")).Status);

            // Size and date hold of nothing.
            Assert.Equal(204, (await proxy.SendAsync("DELETE", "/bucket/k", null, size)).Status);
            await proxy.SendAsync("PUT", "/bucket/k", "value");
            head = await proxy.SendAsync("HEAD", "/bucket/k");
            (etag, date) = (("If-Match", head.Headers["ETag"]), ("x-amz-if-match-last-modified-time", head.Headers["Last-Modified"]));
        }
    }

    [Theory]
    [MemberData(nameof(Layers))]
    [Trait("Rule", "D3")]
    public async Task Each_of_many_keys_has_its_own(string local, bool isWritten)
    {
        var proxy = await StartAsync(local);
        foreach (var key in (string[])["a", "b", "c", "d", "e"])
        {
            await ArrangeAsync(proxy, key, isWritten);
        }

        var etag = (await proxy.SendAsync("HEAD", "/bucket/a")).Headers["ETag"];
        var date = (await proxy.SendAsync("HEAD", "/bucket/e")).Headers["Last-Modified"];
        var response = await proxy.SendAsync(
            "POST",
            "/bucket?delete",
            $"<Delete><Object><Key>a</Key><ETag>{etag}</ETag><Size>5</Size></Object><Object><Key>b</Key><Size>6</Size></Object>"
            + "<Object><Key>c</Key><ETag>wrong</ETag></Object>"
                + "<Object><Key>d</Key><LastModifiedTime>Sun, 06 Nov 1994 08:49:37 GMT</LastModifiedTime></Object><Object><Key>e</Key>"
                + $"<LastModifiedTime>{date}</LastModifiedTime></Object></Delete>");
        Assert.Equal(200, response.Status);
        Assert.Equal(3, response.Text.Split("<Code>PreconditionFailed</Code>").Length - 1);
        foreach (var (key, isThere) in ((string, bool)[])[("a", false), ("b", true), ("c", true), ("d", true), ("e", false)])
        {
            Assert.Contains(isThere ? $"<Error><Key>{key}</Key>" : $"<Deleted><Key>{key}</Key>", response.Text, StringComparison.Ordinal);
            Assert.Equal(isThere ? 200 : 404, (await proxy.SendAsync("GET", $"/bucket/{key}")).Status);
        }
    }

    [Theory]
    [InlineData("x-amz-if-match-size", "five")]
    [InlineData("x-amz-if-match-size", "-1")]
    [InlineData("x-amz-if-match-last-modified-time", "yesterday")]
    public async Task An_invalid_condition_is_refused(string header, string value)
    {
        var proxy = await StartAsync(OnBuiltIn);
        await ArrangeAsync(proxy, "k", isWritten: true);
        var refused = await proxy.SendAsync("DELETE", "/bucket/k", null, (header, value));
        Assert.Equal((400, "InvalidArgument"), (refused.Status, refused.Code));
        var element = header.EndsWith("size", StringComparison.Ordinal) ? "Size" : "LastModifiedTime";
        refused = await proxy
            .SendAsync("POST", "/bucket?delete", $"<Delete><Object><Key>k</Key><{element}>{value}</{element}></Object></Delete>");
        Assert.Equal((400, "MalformedXML"), (refused.Status, refused.Code));
        Assert.Equal(200, (await proxy.SendAsync("GET", "/bucket/k")).Status);
    }

    /// <summary>Conditions on size and date hold for a missing version <c>null</c>, and nothing is deleted.</summary>
    [Theory]
    [Trait("Rule", "W3")]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Size_and_date_hold_of_a_version_that_is_not_there(bool many)
    {
        await using var store = await VersionedStore.StartAsync();
        _proxy = await OverlayHost.StartAsync(store.Endpoint, _remote.Endpoint);
        await _proxy.SendAsync("PUT", "/bucket");
        await _proxy.SendAsync("PUT", "/bucket/k", "value");
        var response = many
            ? await _proxy.SendAsync(
                "POST", "/bucket?delete", "<Delete><Object><Key>k</Key><VersionId>null</VersionId><Size>99</Size></Object></Delete>")
            : await _proxy.SendAsync("DELETE", "/bucket/k?versionId=null", null, ("x-amz-if-match-size", "99"));
        Assert.Equal((many ? 200 : 204, ""), (response.Status, response.Code));
        Assert.Equal("value", (await _proxy.SendAsync("GET", "/bucket/k")).Text);
    }

    /// <summary>The same for a version as for a key.</summary>
    [Theory]
    [Trait("Rule", "V2")]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Versions_follow_the_same_rule(bool many)
    {
        await using var store = await VersionedStore.StartAsync();
        _proxy = await OverlayHost.StartAsync(store.Endpoint, _remote.Endpoint);
        await _proxy.SendAsync("PUT", "/bucket");
        var put = await _proxy.SendAsync("PUT", "/bucket/k", "value");
        var id = put.Headers["x-amz-version-id"];
        await _proxy.SendAsync("PUT", "/bucket/k", "newer value");
        foreach (var (etag, size, isDeleted) in ((string, int, bool)[])[
            ("\"wrong\"", 5, false), (put.Headers["ETag"], 11, false), (put.Headers["ETag"], 5, true)])
        {
            var response = many
                ? await _proxy.SendAsync(
                    "POST", "/bucket?delete",
                    $"<Delete><Object><Key>k</Key><VersionId>{id}</VersionId><ETag>{etag}</ETag><Size>{size}</Size></Object></Delete>")
                : await _proxy.SendAsync("DELETE", $"/bucket/k?versionId={id}", null, ("If-Match", etag),
                    ("x-amz-if-match-size", $"{size}"));
            Assert.Equal((many ? 200 : isDeleted ? 204 : 412, isDeleted ? "" : "PreconditionFailed"), (response.Status, response.Code));
            Assert.Equal(isDeleted ? 1 : 2, store.VersionsOf("bucket", "k").Count);
        }
    }

    private async Task ArrangeAsync(OverlayHost proxy, string key, bool isWritten)
    {
        _remote.Put("bucket", key, Encoding.UTF8.GetBytes(isWritten ? "the remote's" : "value"));
        if (isWritten)
        {
            Assert.Equal(200, (await proxy.SendAsync("PUT", $"/bucket/{key}", "value")).Status);
        }
    }

    private async Task<OverlayHost> StartAsync(string local)
    {
        if (local == OnStoreWithoutConditions)
        {
            _store.Alter = request =>
            {
                foreach (var name in (string[])["If-Match", "x-amz-if-match-size", "x-amz-if-match-last-modified-time"])
                {
                    request.Headers.Remove(name);
                }
            };
        }

        return _proxy = await OverlayHost.StartAsync(local == OnBuiltIn ? null : _store.Endpoint, _remote.Endpoint);
    }
}
