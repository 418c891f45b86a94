using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Listings;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Forwarding.Stores;

/// <summary>Malformed responses of a store.</summary>
public sealed class BrokenResponseTests
{
    [Theory, Trait("Rule", "F")]
    [InlineData("cut")]
    [InlineData("stopped")]
    [InlineData("not XML")]
    [InlineData("something else")]
    [InlineData("out of order")]
    public async Task An_unreadable_listing_is_a_503(string how)
    {
        await using var store = await ScriptedRemote.StartAsync();
        using var proxy = new StoreProxy(store.Endpoint, time: new HurriedTimeProvider(100), deadline: TimeSpan.FromSeconds(15));
        using var end = new CancellationTokenSource();
        store.Script = async (_, context) =>
        {
            context.Response.ContentType = "application/xml";
            await context.Response.WriteAsync(how switch
            {
                "not XML" => "<html><br></html>",
                "something else" => "<Welcome/>",
                "out of order" => "<ListBucketResult><Contents><Key>b</Key></Contents><Contents><Key>a</Key></Contents></ListBucketResult>",
                _ => "<ListBucketResult><Contents><Key>a</Key></Contents>",
            });
            await context.Response.Body.FlushAsync();
            if (how == "cut")
            {
                context.Abort();
            }
            else if (how == "stopped")
            {
                await Task.Delay(Timeout.Infinite, end.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            return ScriptedOutcome.Answered;
        };
        await FailsAsync(() => proxy.State.ListWritten("bucket", new("", "", ListingPosition.Start, 10)).NextAsync(default).AsTask());
        await FailsAsync(() => proxy.State.ListDeletedAsync("bucket", "", "", default).GetAsyncEnumerator().MoveNextAsync().AsTask());
        await FailsAsync(() => proxy.State.ListBucketsAsync(default).AsTask());
        await end.CancelAsync();
    }

    private static async Task FailsAsync(Func<Task> call) => Assert.Equal(503, (await Assert.ThrowsAsync<S3Exception>(call)).Error.Status);
}
