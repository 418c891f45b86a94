using System.Text.Json;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Administration;

/// <summary>Every method needs a key with <c>admin</c>, whatever else a key may do (rule A5).</summary>
[Trait("Rule", "A5")]
public sealed class MethodRightsTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private OverlayHost _proxy = null!;

    public async Task InitializeAsync()
    {
        await File.WriteAllTextAsync(
            _folder["keys.json"],
            """
            [ { "accessKey": "writer", "secretKey": "writer-secret", "rights": { "*": "write" } },
              { "accessKey": "operator", "secretKey": "operator-secret", "rights": {}, "admin": true } ]
            """);
        _proxy = await OverlayHost.StartEmbeddedAsync(null, ("S3_OVERLAY_KEYS_FILE", _folder["keys.json"]));
    }

    public async Task DisposeAsync()
    {
        await _proxy.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task No_method_answers_another_key_or_an_unsigned_request_or_a_page_of_another_origin()
    {
        var (admin, writer) = (new SignedHttp(_proxy.Endpoint, "operator", "operator-secret"),
            new SignedHttp(_proxy.Endpoint, "writer", "writer-secret"));
        var paths = JsonDocument.Parse((await admin.SendAsync("GET", "/-/v1/openapi.json")).Text).RootElement.GetProperty("paths");
        var methods = paths.EnumerateObject()
            .SelectMany(static path => path.Value.EnumerateObject().Select(verb => (Verb: verb.Name.ToUpperInvariant(), path.Name)))
            .ToList();
        Assert.Superset(new HashSet<string>(["/-/v1/cached", "/-/v1/ls", "/-/v1/pin", "/-/v1/pins", "/-/v1/record", "/-/v1/replay",
            "/-/v1/stats", "/-/v1/tail", "/-/v1/unpin", "/-/v1/warm"]), methods.Select(static method => method.Name).ToHashSet());
        foreach (var (verb, path) in methods)
        {
            Assert.Equal(403, (await writer.SendAsync(verb, path)).Status);
            Assert.Equal(403, (await writer.SendUnsignedAsync(verb, path)).Status);
            Assert.Equal(403, (await admin.SendAsync(verb, path, null, ("Origin", "http://page.test"))).Status);
        }
    }
}
