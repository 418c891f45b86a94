using Amazon.S3;
using Amazon.S3.Model;

namespace S3Overlay.AppHost.Tests;

/// <summary>The application run by the real orchestrator, without containers.</summary>
public sealed class EmbeddedRunTests(EmbeddedStack stack) : IClassFixture<EmbeddedStack>
{
    private const string Bucket = "demo";

    [Fact]
    public async Task What_is_seeded_is_seen_through_the_overlay_and_what_is_written_stays_there()
    {
        await stack.Overlay.PutObjectAsync(new PutObjectRequest { BucketName = Bucket, Key = "run/mine.txt", ContentBody = "mine" });
        await stack.Overlay.DeleteObjectAsync(Bucket, "photos/photo-1.jpg");

        var here = await KeysAsync(stack.Overlay);
        var there = await KeysAsync(stack.Remote);

        Assert.Contains("hello.txt", here);
        Assert.Equal((true, false), (here.Contains("run/mine.txt"), there.Contains("run/mine.txt")));
        Assert.Equal((false, true), (here.Contains("photos/photo-1.jpg"), there.Contains("photos/photo-1.jpg")));
    }

    [Fact]
    public async Task What_is_read_is_kept()
    {
        Assert.Equal("MISS", await ReadAsync("logs/2026/10/app.log"));

        // The copy is there once it is finished, which a reader does not wait for.
        using var limit = new CancellationTokenSource(EmbeddedStack.Patience);
        while (await ReadAsync("logs/2026/10/app.log") != "HIT")
        {
            await Task.Delay(10, limit.Token);
        }
    }

    [Fact]
    public async Task The_dashboard_names_what_a_resource_offers()
    {
        using var limit = new CancellationTokenSource(EmbeddedStack.Patience);
        var proxy = await stack.Application.ResourceNotifications.WaitForResourceHealthyAsync("proxy", limit.Token);

        var names = proxy.Snapshot.Urls.Select(url => url.DisplayProperties.DisplayName);

        Assert.Contains("S3 endpoint", names);
        Assert.Contains("Metrics", names);
        using var http = stack.Application.CreateHttpClient("proxy", "http");
        Assert.Contains("s3_overlay_", await http.GetStringAsync(new Uri("/metrics", UriKind.Relative)), StringComparison.Ordinal);
    }

    /// <summary>Reads an object to its end, and returns what its answer says of where it was.</summary>
    private async Task<string> ReadAsync(string key)
    {
        var link = await stack.Overlay.GetPreSignedURLAsync(new()
        {
            BucketName = Bucket,
            Key = key,
            Protocol = Protocol.HTTP,
            Expires = DateTime.UtcNow.AddMinutes(10),
        });
        using var http = new HttpClient();
        using var answer = await http.GetAsync(new Uri(link));
        answer.EnsureSuccessStatusCode();
        return Assert.Single(answer.Headers.GetValues("x-cache"));
    }

    private static async Task<HashSet<string>> KeysAsync(IAmazonS3 client) =>
        [.. (await client.ListObjectsV2Async(new() { BucketName = Bucket })).S3Objects.Select(item => item.Key)];
}
