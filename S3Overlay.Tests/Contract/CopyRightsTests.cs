using System.Text;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Contract;

/// <summary>A copy reads only what its client may read, however the source is spelled (rule A2).</summary>
[Trait("Rule", "A2")]
public sealed class CopyRightsTests
{
    private static readonly string[] Spellings =
    [
        "/secret/k", "secret/k", "%2Fsecret%2Fk", "secret%2Fk", "/%73ecret/k", "/secret/k?versionId=null", "photos/../secret/k",
        "/photos/%2e%2e/secret/k", "/photos/..%2Fsecret%2Fk", "//secret/k",
        "/photos//../secret/k",
    ];

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task No_spelling_of_a_source_bypasses_the_clients_rights(bool isOfRemote)
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(
            folder["keys.json"],
            """
            [ { "accessKey": "minioadmin", "secretKey": "minioadmin", "rights": { "*": "write" } },
              { "accessKey": "visitor", "secretKey": "visitor-here", "rights": { "photos": "write", "photos/*": "write" } } ]
            """);
        await using var remote = await ScriptedRemote.StartAsync();
        remote.Put("photos", "any", "any"u8.ToArray());
        remote.Put("secret", isOfRemote ? "k" : "other", "classified"u8.ToArray());
        await using var proxy = await OverlayHost.StartEmbeddedAsync(remote.Endpoint, ("S3_OVERLAY_KEYS_FILE", folder["keys.json"]));
        if (!isOfRemote)
        {
            Assert.Equal(200, (await proxy.SendAsync("PUT", "/secret/k", "classified")).Status);
        }

        var visitor = new SignedHttp(proxy.Endpoint, "visitor", "visitor-here");
        Assert.Equal(403, (await visitor.SendAsync("GET", "/secret/k")).Status);
        Assert.Equal(200, (await visitor.SendAsync("PUT", "/photos/own", null, ("x-amz-copy-source", "/photos/any"))).Status);
        var upload = (await visitor.SendAsync("POST", "/photos/parts?uploads")).Text.Split("<UploadId>")[1].Split('<')[0];
        foreach (var source in Spellings)
        {
            var copied = await visitor.SendAsync("PUT", "/photos/stolen", null, ("x-amz-copy-source", source));
            Assert.True(copied.Status is 403 or 404 or 400, $"{source}: {copied.Status} {copied.Text}");
            Assert.Equal(404, (await visitor.SendAsync("GET", "/photos/stolen")).Status);
            var part = await visitor.SendAsync("PUT", $"/photos/parts?partNumber=1&uploadId={upload}", null, ("x-amz-copy-source", source));
            Assert.True(part.Status is 403 or 404 or 400, $"{source}: {part.Status} {part.Text}");
            Assert.DoesNotContain("<Part>", (await visitor.SendAsync("GET", $"/photos/parts?uploadId={upload}")).Text);
        }

        // The owner can copy what the owner can read, so the refusal above is not about the spelling.
        foreach (var source in Spellings[..6])
        {
            Assert.Equal(200, (await proxy.SendAsync("PUT", "/photos/copy", null, ("x-amz-copy-source", source))).Status);
            Assert.Equal("classified", Encoding.UTF8.GetString((await proxy.SendAsync("GET", "/photos/copy")).Body));
        }
    }
}
