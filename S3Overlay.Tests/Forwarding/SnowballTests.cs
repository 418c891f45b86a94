using System.Text;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Forwarding;

/// <summary>
/// With this metadata, MinIO and RustFS unpack an archive into keys that were never authorised and that leave no trace in an overlay (rules
/// A2, T3).
/// </summary>
[Trait("Rule", "A2")]
[Trait("Rule", "T3")]
public sealed class SnowballTests : IAsyncLifetime
{
    private const string Header = "x-amz-meta-snowball-auto-extract";

    private readonly TemporaryFolder _folder = new();
    private StoreServer _store = null!;

    public async Task InitializeAsync()
    {
        _store = await StoreServer.StartAsync();
        await File.WriteAllTextAsync(
            _folder["keys.json"],
            """
            [ { "accessKey": "minioadmin", "secretKey": "minioadmin", "rights": { "*": "write" } },
              { "accessKey": "narrow", "secretKey": "narrow-here", "rights": { "bucket/in/*": "write" } } ]
            """);
    }

    public async Task DisposeAsync()
    {
        await _store.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Rights_on_keys_do_not_let_an_archive_in()
    {
        await using var proxy = await StartAsync(null);
        var narrow = new SignedHttp(proxy.Endpoint, "narrow", "narrow-here");
        Assert.Equal(200, (await narrow.SendAsync("PUT", "/bucket/in/a.tar", "value"u8.ToArray())).Status);
        _store.ForgetCalls();
        var put = await narrow.SendAsync("PUT", "/bucket/in/a.tar", "value"u8.ToArray(), (Header, "true"));
        Assert.Equal((403, "AccessDenied"), (put.Status, put.Code));
        var form = await new UploadForm("narrow", "narrow-here").With("key", "in/a.tar").With("X-Amz-Meta-Snowball-Auto-Extract", "true")
            .SignedV2(Policy).SendAsync(proxy.Http, "/bucket");
        Assert.Equal((403, "AccessDenied"), (form.Status, form.Code));
        Assert.Empty(_store.Calls);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_overlaid_bucket_takes_none(bool onStore)
    {
        await using var remote = await ScriptedRemote.StartAsync();
        remote.Put("bucket", "any", "any"u8.ToArray());
        await using var proxy = await StartAsync(remote.Endpoint, onStore);
        _store.ForgetCalls();
        foreach (var value in (string[])["true", "TRUE", "xtruex"])
        {
            var put = await proxy.SendAsync("PUT", "/bucket/in/a.tar", "value", (Header, value));
            Assert.Equal((501, "NotImplemented"), (put.Status, put.Code));
        }

        var form = await new UploadForm("minioadmin", "minioadmin").With("key", "in/a.tar").With(Header, "true").SignedV2(Policy)
            .SendAsync(proxy.Http, "/bucket");
        Assert.Equal((501, "NotImplemented"), (form.Status, form.Code));
        Assert.DoesNotContain(_store.Calls, call => call.Method == "PUT");
    }

    [Fact]
    public async Task A_right_on_the_whole_bucket_of_a_store_does()
    {
        await using var proxy = await StartAsync(null);
        var came = "";
        _store.Alter = request => came = request.Headers[Header].ToString();
        Assert.Equal(200, (await proxy.SendAsync("PUT", "/bucket/in/a.tar", "value", (Header, "true"))).Status);
        Assert.Equal("true", came);
    }

    private const string Policy =
        """{"expiration": "2999-01-01T00:00:00Z", "conditions": [{"bucket": "bucket"}, ["starts-with", "$key", ""], """
        + """["starts-with", "$x-amz-meta-snowball-auto-extract", ""]]}""";

    private async Task<OverlayHost> StartAsync(Uri? remote, bool onStore = true)
    {
        var proxy = await OverlayHost.StartAsync(onStore ? _store.Endpoint
            : null, remote, null, ("S3_OVERLAY_KEYS_FILE", _folder["keys.json"]));
        Assert.Equal(200, (await proxy.SendAsync("PUT", "/bucket")).Status);
        return proxy;
    }
}
