using S3Overlay.Proxy.Forwarding.Endpoints;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Forwarding;

/// <summary>
/// A store in its own region names that region when a request is signed for another one. That is enough for the proxy to find it.
/// </summary>
public sealed class LocalRegionTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Clients_requests_are_signed_for_the_region_that_the_store_named(bool hasRemote)
    {
        await using var store = await StoreServer.StartAsync(null, ("S3_OVERLAY_REGION", "eu-somewhere"));
        await using var remote = await ScriptedRemote.StartAsync();
        await using var proxy = await OverlayHost.StartAsync(store.Endpoint, hasRemote ? remote.Endpoint : null);

        Assert.Equal(200, (await proxy.SendAsync("PUT", "/bucket")).Status);
        Assert.Equal(200, (await proxy.SendAsync("PUT", "/bucket/k", "value")).Status);
        Assert.Equal(200, (await proxy.SendAsync("PUT", "/bucket/large", new string('x', 100_000))).Status);
        Assert.Equal("value", (await proxy.SendAsync("GET", "/bucket/k")).Text);
        Assert.Equal(200, (await proxy.SendAsync("GET", "/")).Status);
    }

    [Fact]
    public void One_bucket_of_a_cloud_says_nothing_about_another()
    {
        var cloud = new EndpointFacts(new EndpointSettings { Region = "us-east-1" });
        Assert.True(cloud.LearnRegion("a", "eu-west-1", signedFor: "us-east-1"));

        // Another request that was refused at the same time is worth another attempt too; one that was signed for it already is not.
        Assert.True(cloud.LearnRegion("a", "eu-west-1", signedFor: "us-east-1"));
        Assert.False(cloud.LearnRegion("a", "eu-west-1", signedFor: "eu-west-1"));
        Assert.Equal(("eu-west-1", "us-east-1", "us-east-1"), (cloud.RegionOf("a"), cloud.RegionOf("b"), cloud.RegionOf("")));

        var own = new EndpointFacts(new EndpointSettings { Endpoint = new Uri("http://store.example:9000") });
        Assert.True(own.LearnRegion("a", "eu-west-1", signedFor: "us-east-1"));
        Assert.Equal(("eu-west-1", "eu-west-1", "eu-west-1"), (own.RegionOf("a"), own.RegionOf("b"), own.RegionOf("")));
        Assert.True(own.LearnRegion("b", "eu-west-2", signedFor: "eu-west-1"));
        Assert.Equal(("eu-west-1", "eu-west-2"), (own.RegionOf("a"), own.RegionOf("b")));
    }

    [Theory]
    [InlineData(null, 10_000)]
    [InlineData("http://store.example:9000", 10_000)]
    public void However_many_buckets_clients_name_what_is_kept_of_them_is_bounded(string? endpoint, int bound)
    {
        var regions =
            new EndpointFacts(new EndpointSettings { Endpoint = endpoint is null ? null : new Uri(endpoint), Region = "us-east-1" });
        for (var bucket = 0; bucket < 3 * bound; bucket++)
        {
            regions.LearnRegion($"bucket{bucket}", bucket % 2 == 0 ? "eu-west-1" : "us-east-1", "us-east-1");
            regions.LearnRegion($"bucket{bucket}", "eu-west-1", "us-east-1");
        }

        Assert.InRange(regions.Known, 1, bound);
        Assert.Equal("eu-west-1", regions.RegionOf($"bucket{(3 * bound) - 1}"));
        Assert.Equal(endpoint is null ? "us-east-1" : "eu-west-1", regions.RegionOf("bucket0"));
    }
}
