using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Failures;

/// <summary>
/// Broken bodies of versions and parts are resumed like any other: from the byte reached, in the same version (table F, rule R7).
/// </summary>
[Trait("Rule", "F")]
public sealed class BrokenBodyTests
{
    private const int PartSize = 100_000;

    private static readonly byte[] Bytes = [.. Enumerable.Range(0, 250_000).Select(i => (byte)(i % 251))];

    public static TheoryData<string, string> Scenes()
    {
        var scenes = new TheoryData<string, string>();
        foreach (var layer in (string[])["embedded", "store"])
        {
            foreach (var query in (string[])["versionId=v", "partNumber=2", "versionId=v&partNumber=2", "partNumber=3&versionId=v"])
            {
                scenes.Add(layer, query);
            }
        }

        return scenes;
    }

    [Theory]
    [MemberData(nameof(Scenes))]
    public async Task The_rest_is_requested_with_If_Match(string layer, string query)
    {
        await using var scene = await LayerScene.StartAsync(layer);
        var etag = Put(scene, 7);
        var expected = query.Contains("partNumber=2", StringComparison.Ordinal) ? Bytes[PartSize..(2 * PartSize)]
            : query.StartsWith("partNumber=3", StringComparison.Ordinal) ? Bytes[(2 * PartSize)..] : Bytes;
        var first = Bytes.Length - expected.Length - (expected.Length == PartSize ? Bytes.Length - (2 * PartSize) : 0);
        foreach (var cut in (int[])[0, 1, 40_000])
        {
            var before = scene.Remote.Requests.Count;
            CutOnce(scene, cut);
            var response = await scene.SendAsync("GET", "/bucket/key?" + query);
            Assert.True(response.Body.AsSpan().SequenceEqual(expected), $"{cut}: {response.Status}, {response.Body.Length} bytes");
            var again = Assert.Single(scene.Remote.Requests.Skip(before).Where(request => request.Key == "key").Skip(1));
            Assert.Equal(
                ($"bytes={first + cut}-{first + expected.Length - 1}", etag, query.Contains("versionId", StringComparison.Ordinal)
                    ? "versionId=v" : ""),
                (again.Headers["Range"], again.Headers["If-Match"], again.RawQuery));
        }
    }

    [Theory]
    [MemberData(nameof(Scenes))]
    public async Task If_the_object_changed_the_client_is_cut(string layer, string query)
    {
        await using var scene = await LayerScene.StartAsync(layer);
        Put(scene, 7);
        CutOnce(scene, 40_000, () => Put(scene, 8));
        var response = await scene.SendAsync("GET", "/bucket/key?" + query);
        Assert.True(response.Status is 503 or 0 || response.Body.Length < int
            .Parse(response.Headers["Content-Length"], System.Globalization.CultureInfo.InvariantCulture), $"{response.Status}");
    }

    [Theory]
    [MemberData(nameof(LayerScene.All), MemberType = typeof(LayerScene))]
    public async Task A_CopyObject_of_a_version_survives_a_broken_connection(string layer)
    {
        await using var scene = await LayerScene.StartAsync(layer);
        Put(scene, 7);
        CutOnce(scene, 40_000);
        var copy = await scene.SendAsync("PUT", "/bucket/copy", null, ("x-amz-copy-source", "/bucket/key?versionId=v"));
        Assert.Equal((200, ""), (copy.Status, copy.Code));
        Assert.Equal(Bytes, (await scene.SendAsync("GET", "/bucket/copy")).Body);
    }

    private static string Put(LayerScene scene, int version)
    {
        var item = new ScriptedObject(Bytes, $"\"{version:x32}-3\"", DateTimeOffset.UtcNow, []) { PartSize = PartSize };
        scene.Remote.Put("bucket", "key", item);
        return item.ETag;
    }

    private static void CutOnce(LayerScene scene, int after, Action? then = null)
    {
        var cuts = 1;
        scene.Remote.Script = (request, _) =>
        {
            if (request is not { Method: "GET", Key: "key" })
            {
                return Task.FromResult(ScriptedOutcome.AsUsual);
            }

            if (Interlocked.Decrement(ref cuts) >= 0)
            {
                return Task.FromResult(new ScriptedOutcome { CutAfter = after });
            }

            then?.Invoke();
            return Task.FromResult(ScriptedOutcome.AsUsual);
        };
    }
}
