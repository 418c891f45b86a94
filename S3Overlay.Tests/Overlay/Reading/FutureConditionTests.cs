using System.Globalization;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Reading;

/// <summary>
/// An If-Modified-Since in the future is ignored, as in S3: otherwise a client whose clock is ahead would keep its object for good.
/// </summary>
public sealed class FutureConditionTests
{
    [Theory, Trait("Rule", "R6")]
    [InlineData("embedded", "written")]
    [InlineData("embedded", "remote")]
    [InlineData("store", "written")]
    [InlineData("store", "remote")]
    public async Task It_is_ignored(string layer, string owner)
    {
        await using var scene = await LayerScene.StartAsync(layer);
        scene.Remote.Put("bucket", "remote", "value"u8.ToArray());
        Assert.Equal(200, (await scene.SendAsync("PUT", "/bucket/written", "value")).Status);
        scene.Clock.Advance(TimeSpan.FromHours(1));
        var now = scene.Clock.GetUtcNow();
        foreach (var (since, read, copied) in new[] { (now.AddDays(1), 200, 200), (now.AddYears(-30), 200, 200),
            (now.AddMinutes(-1), 304, 412) })
        {
            var date = since.ToString("R", CultureInfo.InvariantCulture);
            foreach (var (method, target) in new[] { ("HEAD", ""), ("GET", ""), ("GET", ""), ("GET", "?attributes") })
            {
                var response = await scene.SendAsync(method, $"/bucket/{owner}{target}", null, ("If-Modified-Since", date),
                    ("x-amz-object-attributes", "ETag"));
                Assert.Equal((date, method + target, read), (date, method + target, response.Status));
            }

            Assert.Equal(
                copied, (await scene.SendAsync("PUT", "/bucket/copy", null, ("x-amz-copy-source", "/bucket/" + owner),
                ("x-amz-copy-source-if-modified-since", date))).Status);
        }
    }
}
