namespace S3Overlay.AppHost.Tests.Running;

/// <summary>A bucket resource of an overlay that is added to the application host.</summary>
[Collection(EmbeddedStack.Name)]
public sealed class BucketTests(EmbeddedStack stack)
{
    [OrchestratorFact]
    public async Task A_bucket_is_created_when_its_overlay_is_ready_and_healthy_once_it_is_there()
    {
        using var limit = new CancellationTokenSource(EmbeddedStack.Patience);

        await stack.Application.ResourceNotifications.WaitForResourceHealthyAsync("uploads", limit.Token);

        var buckets = await (await stack.ClientAsync("uploads", limit.Token)).ListBucketsAsync(limit.Token);
        Assert.Equal(["shop-uploads"], buckets.Buckets.Select(bucket => bucket.BucketName));
    }
}
