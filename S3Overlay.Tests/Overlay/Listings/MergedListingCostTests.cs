using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Tests.Overlay.Listings;

/// <summary>What a page of a merged listing asks of the remote.</summary>
public sealed class MergedListingCostTests : MergedListingTestBase
{
    [Fact]
    [Trait("Rule", "L2")]
    public async Task A_full_page_costs_oneRemote_page()
    {
        for (var i = 0; i < 3000; i++)
        {
            Remote.Put("below", $"key{i:D5}");
        }

        Write("another");
        var pages = 0;
        var position = ListingPosition.Start;
        while (true)
        {
            Remote.Forget();
            var (rows, hasMore) = await PageAsync(Layer, Below, new ListingQuery("", "", position, 1001), 1000);
            Assert.Single(Remote.Lists);
            pages++;
            if (!hasMore)
            {
                break;
            }

            Assert.Equal(1000, rows.Count);
            position = new ListingPosition(rows[^1].Name, rows[^1].IsPrefix);
        }

        Assert.Equal(4, pages);
    }

    [Fact]
    [Trait("Rule", "L2")]
    public async Task TheRemote_is_asked_for_no_more_rows_than_the_page_has()
    {
        for (var i = 0; i < 100; i++)
        {
            Remote.Put("below", $"key{i:D5}");
        }

        await PageAsync(Layer, Below, new ListingQuery("", "", ListingPosition.Start, 11), 10);
        Assert.Equal(11, Assert.Single(Remote.Lists).MaxKeys);
    }

    [Fact]
    [Trait("Rule", "L2")]
    public async Task Many_deleted_keys_cost_fewRemote_pages_even_for_small_pages()
    {
        for (var i = 0; i < 5000; i++)
        {
            Remote.Put("below", $"key{i:D5}");
            if (i < 4990)
            {
                Layer.Delete(Bucket, $"key{i:D5}");
            }
        }

        var (rows, hasMore) = await PageAsync(Layer, Below, new ListingQuery("", "", ListingPosition.Start, 2), 1);
        Assert.Equal("key04990", Assert.Single(rows).Name);
        Assert.True(hasMore);
        Assert.InRange(Remote.Lists.Count, 1, 10);
    }

    [Theory]
    [InlineData(1, false, 1)]
    [InlineData(999, false, 1)]
    [InlineData(2500, false, 3)]
    [InlineData(2500, true, 3)]
    [InlineData(999, true, 1)]
    [Trait("Rule", "L2")]
    public async Task A_folder_with_deleted_keys_costs_a_probe_a_thousand(int deleted, bool hasVisible, int most)
    {
        for (var i = 0; i < deleted; i++)
        {
            Remote.Put("below", $"folder/{i:D5}");
            Layer.Delete(Bucket, $"folder/{i:D5}");
        }

        if (hasVisible)
        {
            Remote.Put("below", "folder/visible");
        }

        Remote.Put("below", "plain/key");
        var (rows, _) = await PageAsync(Layer, Below, new ListingQuery("", "/", ListingPosition.Start, 1001), 1000);
        Assert.Equal(hasVisible ? ["folder/", "plain/"] : ["plain/"], rows.Select(row => row.Name));
        var probes = Remote.Lists.Where(list => list.Prefix == "folder/").ToList();
        Assert.InRange(probes.Count, 1, most);
        Assert.DoesNotContain(Remote.Lists, list => list.Prefix == "plain/");
    }

    [Fact]
    [Trait("Rule", "L2")]
    public async Task A_folder_that_was_written_to_costs_no_probe()
    {
        Remote.Put("below", "folder/a");
        Layer.Delete(Bucket, "folder/a");
        Write("folder/b");
        var (rows, _) = await PageAsync(Layer, Below, new ListingQuery("", "/", ListingPosition.Start, 1001), 1000);
        Assert.Equal("folder/", Assert.Single(rows).Name);
        Assert.Single(Remote.Lists);
    }

    [Fact]
    [Trait("Rule", "L2")]
    public async Task The_first_pages_of_bothLayers_are_fetched_at_the_same_time()
    {
        Remote.Put("below", "a");
        Write("b");
        var localIsRead = new TaskCompletionSource();
        Layer.OnListed = localIsRead.SetResult;
        Remote.BeforeList = _ => localIsRead.Task;
        var (rows, _) = await PageAsync(Layer, Below, new ListingQuery("", "", ListingPosition.Start, 1001), 1000);
        Assert.Equal(["a", "b"], rows.Select(row => row.Name));
    }

    [Fact]
    [Trait("Rule", "L2")]
    public async Task Folders_are_probed_several_at_a_time_and_none_that_the_page_has_no_room_for()
    {
        for (var i = 0; i < 100; i++)
        {
            Remote.Put("below", $"f{i:D3}/deleted");
            Layer.Delete(Bucket, $"f{i:D3}/deleted");
            if (i % 2 == 0)
            {
                Remote.Put("below", $"f{i:D3}/visible");
            }
        }

        // No probe is answered before four are waiting for theirs.
        var (waiting, four) = (0, new TaskCompletionSource());
        Remote.BeforeList = listing =>
        {
            if (listing.Prefix.Length == 0)
            {
                return Task.CompletedTask;
            }

            if (Interlocked.Increment(ref waiting) == 4)
            {
                four.SetResult();
            }

            return four.Task;
        };
        var (rows, hasMore) = await PageAsync(Layer, Below, new ListingQuery("", "/", ListingPosition.Start, 11), 10);
        Assert.Equal(Enumerable.Range(0, 10).Select(i => $"f{i * 2:D3}/"), rows.Select(row => row.Name));
        Assert.True(hasMore);
        Assert.Equal(Remote.Lists.Count(list => list.Prefix.Length > 0), Remote.Lists.Where(list => list.Prefix.Length > 0).DistinctBy(list => list.Prefix).Count());
        Assert.InRange(Remote.Lists.Count(list => list.Prefix.Length > 0), 20, 30);
    }
}
