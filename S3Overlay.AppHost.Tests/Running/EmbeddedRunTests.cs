using Amazon.S3.Model;

using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace S3Overlay.AppHost.Tests.Running;

/// <summary>What the embedded profile shows of its proxy and its sample remote.</summary>
[Collection(EmbeddedStack.Name)]
public sealed class EmbeddedRunTests(EmbeddedStack stack)
{
    [OrchestratorFact]
    public async Task The_remotes_bucket_is_listed_before_anything_is_written() =>
        Assert.Contains(EmbeddedStack.Bucket, (await stack.Overlay.ListBucketsAsync()).Buckets.Select(bucket => bucket.BucketName));

    [OrchestratorFact]
    public async Task Sample_objects_show_through_the_overlay_and_local_changes_do_not_reach_the_remote()
    {
        await stack.Overlay
            .PutObjectAsync(new PutObjectRequest { BucketName = EmbeddedStack.Bucket, Key = "run/mine.txt", ContentBody = "mine" });
        await stack.Overlay.DeleteObjectAsync(EmbeddedStack.Bucket, "photos/photo-1.jpg");

        var here = await EmbeddedStack.KeysAsync(stack.Overlay);
        var there = await EmbeddedStack.KeysAsync(stack.Remote);

        Assert.Contains("hello.txt", here);
        Assert.Equal((true, false), (here.Contains("run/mine.txt"), there.Contains("run/mine.txt")));
        Assert.Equal((false, true), (here.Contains("photos/photo-1.jpg"), there.Contains("photos/photo-1.jpg")));
    }

    [OrchestratorFact]
    public async Task A_read_misses_once_and_then_hits()
    {
        Assert.Equal("MISS", await stack.ReadAsync("logs/2026/10/app.log"));

        await stack.HitAsync("logs/2026/10/app.log");
    }

    [OrchestratorFact]
    public async Task The_dashboard_names_the_addresses_of_a_resource()
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
    public async Task Generated_keys_are_secret_parameters()
    {
        using var limit = new CancellationTokenSource(EmbeddedStack.Patience);
        var proxy = await stack.Application.ResourceNotifications.WaitForResourceHealthyAsync("proxy", limit.Token);
        var parameter = await stack.Application.ResourceNotifications.WaitForResourceAsync(
            "proxy-secret-key", change => change.Snapshot.State is not null, limit.Token);
        var secret = await ((S3OverlayResource)proxy.Resource).SecretKey.GetValueAsync(limit.Token);

        Assert.Equal("Parameter", parameter.Snapshot.ResourceType);
        Assert.True(Assert.Single(parameter.Snapshot.Properties, property => Equals(property.Value, secret)).IsSensitive);
    }

    [OrchestratorFact]
    public async Task After_a_restart_the_proxy_still_has_its_writes_and_its_cache()
    {
        using var limit = new CancellationTokenSource(EmbeddedStack.Patience);
        await stack.Overlay
            .PutObjectAsync(new PutObjectRequest { BucketName = EmbeddedStack.Bucket, Key = "restart/mine.txt", ContentBody = "mine" });
        await stack.HitAsync("hello.txt");
        var before = await stack.Application.ResourceNotifications.WaitForResourceHealthyAsync("proxy", limit.Token);

        var result = await stack.Application.ResourceCommands.ExecuteCommandAsync(
            "proxy", KnownResourceCommands.RestartCommand, limit.Token);

        Assert.True(result.Success, result.Message);
        await stack.Application.ResourceNotifications.WaitForResourceAsync(
            "proxy",
            change => change.Snapshot.StartTimeStamp > before.Snapshot.StartTimeStamp
                && change.Snapshot.HealthStatus == HealthStatus.Healthy,
            limit.Token);
        Assert.Contains("restart/mine.txt", await EmbeddedStack.KeysAsync(stack.Overlay));
        Assert.Equal("HIT", await stack.ReadAsync("hello.txt"));
    }
}
