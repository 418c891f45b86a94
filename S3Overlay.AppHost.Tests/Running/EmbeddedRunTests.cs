using Amazon.S3;
using Amazon.S3.Model;

namespace S3Overlay.AppHost.Tests.Running;

/// <summary>The application run by the real orchestrator, without containers.</summary>
public sealed class EmbeddedRunTests(EmbeddedStack stack) : IClassFixture<EmbeddedStack>
{
    private const string Bucket = "demo";

    [OrchestratorFact]
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

    [OrchestratorFact]
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

    [OrchestratorFact]
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

    [OrchestratorFact]
    public async Task A_command_drops_what_is_held()
    {
        const string Key = "logs/2026/11/app.log";
        using var limit = new CancellationTokenSource(EmbeddedStack.Patience);
        while (await ReadAsync(Key) != "HIT")
        {
            await Task.Delay(10, limit.Token);
        }

        await CommandAsync("drop-cache", limit.Token);

        Assert.Equal("MISS", await ReadAsync(Key));
    }

    [OrchestratorFact]
    public async Task A_command_takes_deletes_back_and_leaves_what_is_written()
    {
        using var limit = new CancellationTokenSource(EmbeddedStack.Patience);
        await stack.Overlay.PutObjectAsync(new PutObjectRequest { BucketName = Bucket, Key = "kept.txt", ContentBody = "mine" });
        await stack.Overlay.DeleteObjectAsync(Bucket, "photos/photo-2.jpg");
        Assert.DoesNotContain("photos/photo-2.jpg", await KeysAsync(stack.Overlay));

        await CommandAsync("reset-overlay", limit.Token);

        Assert.Superset(new HashSet<string> { "photos/photo-2.jpg", "kept.txt" }, await KeysAsync(stack.Overlay));
    }

    [OrchestratorFact]
    public async Task Commands_show_where_there_is_a_remote()
    {
        Assert.Equal([("drop-cache", ResourceCommandState.Enabled), ("reset-overlay", ResourceCommandState.Enabled)], await CommandsAsync("proxy"));
        Assert.Equal([("drop-cache", ResourceCommandState.Hidden), ("reset-overlay", ResourceCommandState.Hidden)], await CommandsAsync("remote"));
    }

    private async Task CommandAsync(string name, CancellationToken cancellationToken)
    {
        var result = await stack.Application.ResourceCommands.ExecuteCommandAsync("proxy", name, cancellationToken);
        Assert.True(result.Success, result.Message);
    }

    /// <summary>The overlay's own commands of a resource: those of every project are beside them.</summary>
    private async Task<IEnumerable<(string Name, ResourceCommandState State)>> CommandsAsync(string resource)
    {
        using var limit = new CancellationTokenSource(EmbeddedStack.Patience);
        var running = await stack.Application.ResourceNotifications.WaitForResourceHealthyAsync(resource, limit.Token);
        return running.Snapshot.Commands.Where(command => command.Name.Contains('-')).Select(command => (command.Name, command.State));
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
