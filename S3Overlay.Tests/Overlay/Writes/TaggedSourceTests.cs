using Microsoft.AspNetCore.Http;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Writes;

/// <summary>
/// Copies of a cached object, and copy-ups of one. Its tags are the remote's current ones, its bytes the cached ones, and both must belong
/// to one version (rules W4, W5, S1).
/// </summary>
[Trait("Rule", "W4"), Trait("Rule", "W5")]
public sealed class TaggedSourceTests
{
    private const string Copy = "copy", CopyUp = "copy-up";

    /// <summary>Every kind of local, each revalidation mode, with and without bytes, and each use of the tags.</summary>
    public static TheoryData<string, string, bool, string> Cases
    {
        get
        {
            var cases = new TheoryData<string, string, bool, string>();
            foreach (var layer in (string[])["embedded", "store"])
            {
                foreach (var mode in (string[])["never", "1h", "always", "frozen"])
                {
                    cases.Add(layer, mode, false, Copy);
                    cases.Add(layer, mode, false, CopyUp);
                }

                cases.Add(layer, "never", true, Copy);
                cases.Add(layer, "frozen", true, Copy);
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Both_are_of_one_version_when_the_remote_changes_before_the_tags_are_read(
        string layer, string mode, bool isEmpty, string use)
    {
        await using var scene = await HoldAsync(layer, mode, isEmpty);
        var (version, old) = ("old", isEmpty ? "" : "old");
        Task ChangeAsync()
        {
            Put(scene, version = "new", isEmpty: false);
            return Task.CompletedTask;
        }

        // Under always the entry is revalidated first, so the change happens in between.
        ScriptTags(scene, () => version, mode == "always" ? ChangeAsync : null);
        await (mode == "always" ? Task.CompletedTask : ChangeAsync());
        var response = await UseAsync(scene, use);
        if (mode == "frozen")
        {
            for (var i = 0; i < 2; i++)
            {
                Assert.Equal((503, "RemoteChanged"), (response.Status, response.Code));
                var held = await scene.SendAsync("GET", "/bucket/key");
                Assert.Equal((old, "HIT"), (held.Text, held.Headers["x-cache"]));
                response = await UseAsync(scene, use);
            }

            // A client that gives tags of its own needs nothing of the remote.
            Assert.Equal(200, (await CopyAsync(scene, ("x-amz-tagging-directive", "REPLACE"))).Status);
            Assert.Equal(old, (await scene.SendAsync("GET", "/bucket/copy")).Text);
            return;
        }

        Assert.Equal(200, response.Status);
        Assert.Equal("new", (await scene.SendAsync("GET", use == Copy ? "/bucket/copy" : "/bucket/key")).Text);
        if (use == Copy)
        {
            Assert.Contains("<Value>new</Value>", (await scene.SendAsync("GET", "/bucket/copy?tagging")).Text, StringComparison.Ordinal);
        }
    }

    /// <summary>
    /// If the bytes come from the remote, the request names the version. If the remote does not report the number of tags, they are
    /// requested too.
    /// </summary>
    [Theory]
    [InlineData("embedded")]
    [InlineData("store")]
    public async Task The_remote_gets_no_further_request_if_nothing_is_cached_or_it_reported_no_tags(string layer)
    {
        await using var scene = await HoldAsync(layer, "never", isEmpty: false);
        ScriptTags(scene, static () => "old", null);
        scene.Remote.Put("bucket", "cold", "cold"u8.ToArray(), ("x-amz-tagging-count", "1"));
        scene.Remote.Put("bucket", "plain", "plain"u8.ToArray());
        scene.Remote.Put("bucket", "none", "none"u8.ToArray(), ("x-amz-tagging-count", "0"));
        Assert.Equal("plain", (await scene.SendAsync("GET", "/bucket/plain")).Text);
        Assert.Equal("none", (await scene.SendAsync("GET", "/bucket/none")).Text);
        await scene.Proxy.WhenIdleAsync();
        foreach (var (key, expected) in ((string, string[])[])[("key", ["GET tagging", "HEAD "]),
            ("cold", ["HEAD ", "GET tagging", "GET "]), ("plain", ["GET tagging", "HEAD "]), ("none", [])])
        {
            var before = scene.Remote.Requests.Count;
            Assert.Equal(200, (await scene.SendAsync("PUT", "/bucket/copy", null, ("x-amz-copy-source", $"/bucket/{key}"))).Status);
            Assert.Equal(expected, scene.Remote.Requests.Skip(before).Where(request => request.Key == key)
                .Select(static request => $"{request.Method} {request.RawQuery}"));
        }
    }

    private static async Task<LayerScene> HoldAsync(string layer, string mode, bool isEmpty)
    {
        var scene = await LayerScene.StartAsync(layer, ("S3_OVERLAY_REVALIDATE", mode));
        scene.Remote.Put("bucket", "other", [1]);
        Put(scene, "old", isEmpty);
        Assert.Equal(isEmpty ? "" : "old", (await scene.SendAsync("GET", "/bucket/key")).Text);
        await scene.Proxy.WhenIdleAsync();
        return scene;
    }

    private static void Put(LayerScene scene, string version, bool isEmpty) =>
        scene.Remote.Put("bucket", "key", isEmpty ? [] : System.Text.Encoding.UTF8.GetBytes(version), ("x-amz-tagging-count", "1"));

    /// <summary>Makes the remote return the tags of a version, after a callback that runs once.</summary>
    private static void ScriptTags(LayerScene scene, Func<string> version, Func<Task>? before) =>
        scene.Remote.Script = async (request, context) =>
    {
        if (request.RawQuery != "tagging")
        {
            return ScriptedOutcome.AsUsual;
        }

        var happening = before;
        before = null;
        await (happening?.Invoke() ?? Task.CompletedTask);
        context.Response.ContentType = "application/xml";
        await context.Response.WriteAsync($"<Tagging><TagSet><Tag><Key>of</Key><Value>{version()}</Value></Tag></TagSet></Tagging>");
        return ScriptedOutcome.Answered;
    };

    private static Task<RawResponse> UseAsync(LayerScene scene, string use) => use == Copy
        ? CopyAsync(scene)
        : scene.SendAsync("PUT", "/bucket/key?tagging", "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>");

    private static Task<RawResponse> CopyAsync(LayerScene scene, params (string Name, string Value)[] headers) =>
        scene.SendAsync("PUT", "/bucket/copy", null, [("x-amz-copy-source", "/bucket/key"), .. headers]);
}
