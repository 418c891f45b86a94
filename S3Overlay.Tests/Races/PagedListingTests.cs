using System.Text.RegularExpressions;

using Microsoft.AspNetCore.Http.Features;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Races;

/// <summary>
/// Listings that need many pages of the store, two rows each. A key on a later page is deleted at each instant between two calls of the
/// listing.
/// </summary>
public sealed class PagedListingTests
{
    private const string Written = "as written here";

    [Theory, Trait("Rule", "T2")]
    [InlineData("list-type=2&prefix=")]
    [InlineData("delimiter=/&prefix=")]
    [InlineData("versions&prefix=")]
    public async Task A_key_that_is_deleted_during_the_listing_is_shown_as_written_or_not_at_all(string question)
    {
        var seen = "";
        await SweepAsync(
            async (scene, run) => seen = (await scene("GET", $"/bucket?{question}{run}/", null)).Text,
            async (scene, run) => Assert.Equal(204, (await scene("DELETE", $"/bucket/{run}/5", null)).Status),
            (_, run) =>
            {
                // The row of a key that was never deleted shows that the page came about at all.
                Assert.Contains($"<Key>{run}/6</Key>", seen, StringComparison.Ordinal);
                Assert.DoesNotContain($"<Size>{"remote".Length}</Size>", seen, StringComparison.Ordinal);
                return Task.CompletedTask;
            },
            writes: 6);
    }

    /// <summary>
    /// Sweeps over a bucket in which each run has its own prefix with six remote keys. Clients wrote the first few.
    /// </summary>
    private static async Task SweepAsync(
        Func<Func<string, string, string?, Task<RawResponse>>, int, Task> first,
        Func<Func<string, string, string?, Task<RawResponse>>, int, Task> between,
        Func<Func<string, string, string?, Task<RawResponse>>, int, Task> check,
        int writes)
    {
        var clock = new ManualTimeProvider(DateTimeOffset.UtcNow);
        await using var remote = await ScriptedRemote.StartAsync();
        await using var store = await StoreServer.StartAsync(clock, ("S3_OVERLAY_AUTH", "none"));
        var pages = 0;
        store.Alter = request =>
        {
            var target = request.HttpContext.Features.GetRequiredFeature<IHttpRequestFeature>();
            if (target.RawTarget.StartsWith("/bucket?", StringComparison.Ordinal)
                && Regex.Replace(target.RawTarget, "max-keys=[0-9]+", "max-keys=2") is var cut && cut != target.RawTarget)
            {
                target.RawTarget = cut;
                pages++;
            }
        };
        await using var proxy = await OverlayHost.StartAsync(
            store.Endpoint,
            remote.Endpoint,
            clock,
            [("S3_OVERLAY_CACHE_ENABLED", "true"), .. RemoteLimits.Far]);
        remote.Put("bucket", "any", "remote"u8.ToArray());
        Assert.Equal(200, (await SendAsync("PUT", "/bucket/warm", "v")).Status);
        var runs = await StoreSteps.SweepAsync(
            store,
            run => first(SendAsync, run),
            async run =>
            {
                await between(SendAsync, run);
                await proxy.WhenIdleAsync();
            },
            run => check(SendAsync, run),
            async run =>
            {
                for (var i = 1; i <= 6; i++)
                {
                    remote.Put("bucket", $"{run}/{i}", "remote"u8.ToArray());
                    if (i <= writes)
                    {
                        Assert.Equal(200, (await SendAsync("PUT", $"/bucket/{run}/{i}", Written)).Status);
                    }
                }

                // The follow-up work of a write must not be what is interrupted, so this waits for its end.
                await proxy.WhenIdleAsync();
            });

        // One call for each page of two rows, before and after it. The number of further calls depends on read-ahead.
        Assert.True(runs > 5, $"Only {runs} instants.");
        Assert.True(pages >= 3 * runs, $"Only {pages} pages.");

        Task<RawResponse> SendAsync(string method, string target, string? body) => clock.RunAsync(proxy.SendAsync(method, target, body));
    }
}
