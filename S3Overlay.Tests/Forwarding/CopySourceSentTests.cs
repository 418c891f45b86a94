using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Forwarding;

/// <summary>A store reads exactly the copy source that was authorised here: it gets the canonical spelling (rule A2).</summary>
[Trait("Rule", "A2")]
public sealed class CopySourceSentTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private readonly List<string> _sent = [];
    private StoreServer _store = null!;
    private OverlayHost _proxy = null!;
    private SignedHttp _visitor = null!;

    public async Task InitializeAsync()
    {
        await File.WriteAllTextAsync(
            _folder["keys.json"],
            """
            [ { "accessKey": "minioadmin", "secretKey": "minioadmin", "rights": { "*": "write" } },
              { "accessKey": "visitor", "secretKey": "visitor-here", "rights": { "docs/*.pdf": "read", "target/*": "write" } } ]
            """);
        _store = await StoreServer.StartAsync();
        _proxy = await OverlayHost.StartAsync(_store.Endpoint, null, null, ("S3_OVERLAY_KEYS_FILE", _folder["keys.json"]));
        _visitor = new SignedHttp(_proxy.Endpoint, "visitor", "visitor-here");
        await _proxy.SendAsync("PUT", "/docs");
        await _proxy.SendAsync("PUT", "/target");
        await _proxy.SendAsync("PUT", "/docs/secret.key", "secret");
        _store.Alter = request =>
        {
            if (request.Headers["x-amz-copy-source"].ToString() is { Length: > 0 } source)
            {
                _sent.Add(source);
            }
        };
    }

    public async Task DisposeAsync()
    {
        await _proxy.DisposeAsync();
        await _store.DisposeAsync();
        _folder.Dispose();
    }

    /// <summary>MinIO reads the header as a URL: what follows <c>?</c> or <c>#</c> is no part of the key to it.</summary>
    [Theory]
    [InlineData("/docs/secret.key?x.pdf", "docs/secret.key%3Fx.pdf")]
    [InlineData("docs/secret.key#x.pdf", "docs/secret.key%23x.pdf")]
    [InlineData("/docs/secret.key%3Fx.pdf", "docs/secret.key%3Fx.pdf")]
    [InlineData("/docs/secret.key?versionId=null&x.pdf", null)]
    [InlineData("/docs/secret.key?x.pdf?versionId=null", "docs/secret.key%3Fx.pdf?versionId=null")]
    [InlineData("/docs/secret.key?x.pdf?versionId=a b#c", "docs/secret.key%3Fx.pdf?versionId=a%20b%23c")]
    [InlineData("/docs/../docs/secret.key/../x.pdf", "docs/../docs/secret.key/../x.pdf")]
    [InlineData("/docs/%73ecret+key.pdf", "docs/secret+key.pdf")]
    public async Task The_store_gets_the_source_that_was_authorised(string header, string? sent)
    {
        var copied = await _visitor.SendAsync("PUT", "/target/copy", null, ("x-amz-copy-source", header));
        Assert.NotEqual(200, copied.Status);
        Assert.Equal(sent is null ? [] : [sent], _sent);
        Assert.Equal(404, (await _proxy.SendAsync("GET", "/target/copy")).Status);
    }

    /// <summary>The same for a part of an upload and for copies made by an administrator.</summary>
    [Fact]
    public async Task A_key_that_has_these_characters_can_be_copied()
    {
        Assert.Equal(200, (await _proxy.SendAsync("PUT", "/docs/a%3Fb%23c.pdf", "value")).Status);
        Assert.Equal(200, (await _visitor.SendAsync("PUT", "/target/copy", null, ("x-amz-copy-source", "/docs/a?b#c.pdf"))).Status);
        Assert.Equal("value", (await _proxy.SendAsync("GET", "/target/copy")).Text);
        var upload = (await _visitor.SendAsync("POST", "/target/parts?uploads")).Text.Split("<UploadId>")[1].Split('<')[0];
        var part = await _visitor.SendAsync("PUT", $"/target/parts?partNumber=1&uploadId={upload}", null,
            ("x-amz-copy-source", "/docs/a?b#c.pdf"));
        Assert.Equal(200, part.Status);
        Assert.Equal(["docs/a%3Fb%23c.pdf", "docs/a%3Fb%23c.pdf"], _sent);
    }
}
