using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Writes;

/// <summary>Copies of local's objects onto the remote's, with conditions on both. The error must say whether a retry helps.</summary>
public sealed class CopyConditionsTests
{
    public static TheoryData<string, bool, string> Cases
    {
        get
        {
            var cases = new TheoryData<string, bool, string>();
            foreach (var layer in (string[])["embedded", "store"])
            {
                foreach (var isCached in (bool[])[false, true])
                {
                    cases.Add(layer, isCached, "x-amz-copy-source-if-match");
                    cases.Add(layer, isCached, "x-amz-copy-source-if-unmodified-since");
                }
            }

            return cases;
        }
    }

    [Theory, MemberData(nameof(Cases)), Trait("Rule", "W3"), Trait("Rule", "W4")]
    public async Task A_condition_on_the_source_that_does_not_hold_is_a_412_whatever_the_target_s_says(
        string layer, bool isCached, string condition)
    {
        await using var scene = await LayerScene.StartAsync(layer);
        scene.Remote.Put("bucket", "key", "of the remote"u8.ToArray());
        Assert.Equal(200, (await scene.SendAsync("PUT", "/bucket/mine", "of mine")).Status);
        var etag = (await scene.SendAsync(isCached ? "GET" : "HEAD", "/bucket/key")).Headers["ETag"];
        await scene.Proxy.WhenIdleAsync();

        var refused = await CopyAsync(
            (condition, condition.EndsWith("match", StringComparison.Ordinal) ? "\"other\"" : "Thu, 01 Jan 1998 00:00:00 GMT"));
        Assert.Equal((412, true), (refused.Status, refused.Text.Contains("<Code>PreconditionFailed</Code>", StringComparison.Ordinal)));
        Assert.Equal("of the remote", (await scene.SendAsync("GET", "/bucket/key")).Text);

        Assert.Equal(200, (await CopyAsync()).Status);
        Assert.Equal("of mine", (await scene.SendAsync("GET", "/bucket/key")).Text);

        Task<RawResponse> CopyAsync(params (string Name, string Value)[] of) =>
            scene.SendAsync("PUT", "/bucket/key", null, [("x-amz-copy-source", "/bucket/mine"), ("If-Match", etag), .. of]);
    }
}
