using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Transparency;

/// <summary>Differences that the comparison must find.</summary>
public sealed class ComparisonTests
{
    /// <summary>The proxy may remove the name of the framing from a store's response. It must not add it.</summary>
    [Theory]
    [InlineData(true, false, false)]
    [InlineData(false, true, true)]
    [InlineData(true, true, true)]
    public async Task The_framing_shows_at_the_store_at_most(bool isShownDirectly, bool isShownThrough, bool isDifference)
    {
        await using var store = await StoreServer.StartAsync();
        await using var other = await StoreServer.StartAsync();
        void Show(StoreServer server) => server.Dress = context =>
        {
            if (context.Request.Method == "HEAD" && context.Request.Path.Value!.EndsWith("/k", StringComparison.Ordinal))
            {
                context.Response.Headers.ContentEncoding = "aws-chunked";
            }
        };
        if (isShownDirectly)
        {
            Show(store);
        }

        if (isShownThrough)
        {
            Show(other);
        }

        var direct = new Side(new StoreAccess(store.Endpoint, "minioadmin", "minioadmin"), "direct-bucket");
        var through = new Side(new StoreAccess(other.Endpoint, "minioadmin", "minioadmin"), "through-bucket") { IsProxy = true };
        foreach (var side in new[] { direct, through })
        {
            await side.SendAsync("PUT", "/BUCKET");
            await side.SendAsync("PUT", "/BUCKET/k", "value");
            Assert.Equal(200, (await side.SendAsync("HEAD", "/BUCKET/k")).Status);
        }

        Assert.Equal(isDifference, Comparison.Of(direct, through).Contains("Content-Encoding", StringComparison.Ordinal));
    }
}
