using S3Overlay.Proxy.Overlay;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Listings;

public sealed class BucketListingTests
{
    private readonly OverlayBench _bench = new();

    [Fact]
    [Trait("Rule", "L1")]
    public async Task A_listing_shows_both_layers_and_not_what_was_deleted()
    {
        _bench.Remote.Put("below", "a");
        _bench.Remote.Put("below", "b");
        await _bench.SendAsync(S3Operation.PutObject, "mapped", "c", "text");
        await _bench.SendAsync(S3Operation.DeleteObject, "mapped", "a");
        Assert.Equal(["b", "c"], await _bench.ListAsync("mapped"));
    }

    [Fact]
    [Trait("Rule", "L1")]
    public async Task Tokens_walk_through_a_listing_without_the_overlay_remembering_anything()
    {
        foreach (var key in (string[])["a/1", "b", "c/1", "d"])
        {
            _bench.Remote.Put("below", key);
        }

        var names = new List<string>();
        var query = "delimiter=%2F&max-keys=1";
        for (var token = ""; ;)
        {
            var page = OverlayBench.Xml(await _bench.SendAsync(S3Operation.ListObjectsV2, "mapped", query: query + token));
            names.AddRange(page.Elements().Where(e => e.Name.LocalName is "Contents" or "CommonPrefixes")
                .Select(e => e.Elements().First().Value));
            if (page.Elements().FirstOrDefault(e => e.Name.LocalName == "NextContinuationToken")?.Value is not { } next)
            {
                break;
            }

            token = "&continuation-token=" + next;
        }

        Assert.Equal(["a/", "b", "c/", "d"], names);
    }

    [Fact]
    [Trait("Rule", "L3")]
    public async Task Listing_only_local_costs_the_remote_nothing()
    {
        _bench.Settings = new OverlaySettings { MergesListings = false };
        _bench.Remote.Put("below", "a");
        Assert.Empty(await _bench.ListAsync("mapped"));
        await _bench.SendAsync(S3Operation.PutObject, "mapped", "c", "text");
        Assert.Equal(["c"], await _bench.ListAsync("mapped"));
        Assert.Equal(0, _bench.Remote.Calls);
    }

    [Theory]
    [InlineData(RemoteFailure.Unavailable)]
    [InlineData(RemoteFailure.AccessDenied)]
    [InlineData(RemoteFailure.Throttled)]
    [Trait("Rule", "L4")]
    public async Task A_remote_that_cannot_be_listed_is_an_error_that_clients_repeat(RemoteFailure failure)
    {
        await _bench.SendAsync(S3Operation.PutObject, "mapped", "c", "text");
        _bench.Remote.Failure = new RemoteException(failure, "no");
        var error = await _bench.FailAsync(S3Operation.ListObjectsV2, "mapped");
        Assert.Equal(503, error.Error.Status);
        Assert.Contains(error.Headers, header => header.Key == "Retry-After");
    }

    [Fact]
    [Trait("Rule", "L4")]
    public async Task On_request_only_local_is_listed_and_the_response_says_so()
    {
        _bench.Settings = new OverlaySettings { ListsLocalOnError = true };
        await _bench.SendAsync(S3Operation.PutObject, "mapped", "c", "text");
        Assert.False((await _bench.SendAsync(S3Operation.ListObjects, "mapped")).Headers.ContainsKey("x-s3overlay-listing"));
        _bench.Remote.Failure = new RemoteException(RemoteFailure.Unavailable, "down");
        var response = await _bench.SendAsync(S3Operation.ListObjects, "mapped");
        Assert.Equal("local", response.Headers["x-s3overlay-listing"]);
        Assert.Equal(["c"], await _bench.ListAsync("mapped"));
    }

    [Fact]
    public async Task A_bucket_that_does_not_exist_is_no_empty_listing() =>
        Assert.Same(S3Errors.NoSuchBucket, (await _bench.FailAsync(S3Operation.ListObjectsV2, "nobodys")).Error);
}
