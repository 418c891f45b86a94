using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Writes;

/// <summary>In a copy source, a plus is a space, as in S3; <c>%2B</c> is a plus.</summary>
public sealed class CopySpellingTests
{
    [Theory, Trait("Rule", "W4")]
    [InlineData("embedded", false)]
    [InlineData("embedded", true)]
    [InlineData("store", false)]
    [InlineData("store", true)]
    public async Task A_plus_is_a_space(string layer, bool isWritten)
    {
        await using var scene = await LayerScene.StartAsync(layer);
        scene.Remote.Put("bucket", "any", "any"u8.ToArray());
        foreach (var (key, body) in new[] { ("a b", "of the space"), ("a+b", "of the plus") })
        {
            if (isWritten)
            {
                Assert.Equal(200, (await scene.SendAsync("PUT", "/bucket/" + Uri.EscapeDataString(key), body)).Status);
            }
            else
            {
                scene.Remote.Put("bucket", key, System.Text.Encoding.UTF8.GetBytes(body));
            }
        }

        var upload = (await scene.SendAsync("POST", "/bucket/parts?uploads")).Text.Split("<UploadId>")[1].Split('<')[0];
        foreach (var (spelt, length, expected) in new[]
        {
            ("/bucket/a+b", 12, "of the space"), ("bucket%2Fa+b", 12, "of the space"), ("/bucket/a%20b", 12, "of the space"),
            ("/bucket/a%2Bb", 11, "of the plus"), ("/bucket/a+b?versionId=null", 12, "of the space"),
        })
        {
            var copied = await scene.SendAsync("PUT", "/bucket/copy", null, ("x-amz-copy-source", spelt));
            Assert.True(copied.Status == 200, $"{spelt}: {copied.Text}");
            Assert.Equal((spelt, expected), (spelt, (await scene.SendAsync("GET", "/bucket/copy")).Text));

            Assert.Equal(200,
                (await scene.SendAsync("PUT", $"/bucket/parts?partNumber=1&uploadId={upload}", null, ("x-amz-copy-source", spelt))).Status);
            Assert.Contains($"<Size>{length}</Size>", (await scene.SendAsync("GET", $"/bucket/parts?uploadId={upload}")).Text,
                StringComparison.Ordinal);
        }
    }

    [Theory, Trait("Rule", "W4")]
    [InlineData("/bucket/there?versionId=null&versionId=null")]
    [InlineData("/bucket/there?versionId=null?versionId=other")]
    [InlineData("/bucket/there?versionId=null&VERSIONID=other")]
    public async Task A_source_that_names_its_version_twice_is_refused(string source)
    {
        await using var scene = await LayerScene.StartAsync("embedded");
        scene.Remote.Put("bucket", "any", "any"u8.ToArray());
        Assert.Equal(200, (await scene.SendAsync("PUT", "/bucket/there", "kept")).Status);

        var response = await scene.SendAsync("PUT", "/bucket/copy", null, ("x-amz-copy-source", source));

        Assert.Equal((400, "InvalidArgument"), (response.Status, response.Code));
    }

    /// <summary>Some stores read a plus as a plus, so the space is sent in an encoding that all of them agree on.</summary>
    [Fact, Trait("Rule", "W4")]
    public async Task The_store_gets_a_spelling_that_every_store_reads_the_same_way()
    {
        await using var remote = await ScriptedRemote.StartAsync();
        remote.Put("bucket", "any", "any"u8.ToArray());
        await using var store = await StoreServer.StartAsync();
        List<string> told = [];
        store.Alter = request =>
        {
            if (request.Headers["x-amz-copy-source"].ToString() is { Length: > 0 } source
                && source.TrimStart('/').StartsWith("bucket", StringComparison.Ordinal))
            {
                told.Add(source.TrimStart('/'));
            }
        };
        await using var proxy = await OverlayHost.StartAsync(store.Endpoint, remote.Endpoint);
        Assert.Equal(200, (await proxy.SendAsync("PUT", "/bucket/a%20b", "value")).Status);
        Assert.Equal(200, (await proxy.SendAsync("PUT", "/bucket/copy", null, ("x-amz-copy-source", "/bucket/a+b"))).Status);
        Assert.Equal("bucket/a%20b", Assert.Single(told));
    }

    /// <summary>
    /// In a bucket without a remote a plus is forwarded, and the store may read it either way. So the client needs permission for both
    /// keys.
    /// </summary>
    [Theory, Trait("Rule", "A2")]
    [InlineData("open/a b", "open/a+c", "/open/a+b", 403)]
    [InlineData("open/a b", "open/a+b", "/open/a+b", 200)]
    [InlineData("open/a c", "open/a+b", "/open/a+b", 403)]
    [InlineData("open/a b", "open/a+c", "/open/a%20b", 200)]
    [InlineData("open/a c", "open/a+b", "/open/a%2Bb", 200)]
    public async Task Copying_needs_the_right_to_read_every_possible_source(string first, string second, string source, int status)
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(
            folder["keys.json"],
            $$"""
            [ { "accessKey": "minioadmin", "secretKey": "minioadmin", "rights": { "*": "write" } },
              { "accessKey": "visitor", "secretKey": "visitor-here",
                "rights": { "{{first}}*": "read", "{{second}}*": "read", "target/*": "write" } } ]
            """);
        await using var store = await StoreServer.StartAsync();
        await using var proxy = await OverlayHost.StartAsync(store.Endpoint, null, null, ("S3_OVERLAY_KEYS_FILE", folder["keys.json"]));
        foreach (var target in (string[])["/open", "/target", "/open/a%20b", "/open/a%2Bb"])
        {
            Assert.Equal(200, (await proxy.SendAsync("PUT", target, target.Length > 7 ? "value" : null)).Status);
        }

        var visitor = new SignedHttp(proxy.Endpoint, "visitor", "visitor-here");
        Assert.Equal(status, (await visitor.SendAsync("PUT", "/target/copy", null, ("x-amz-copy-source", source))).Status);
    }
}
