using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Listings;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Listings;

/// <summary>The remote requests for a page of a merged listing.</summary>
public sealed class MergedListingCostTests : MergedListingTestBase
{
    [Fact]
    [Trait("Rule", "L2")]
    public async Task A_full_page_costs_one_remote_page()
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
    public async Task The_remote_is_asked_for_no_more_rows_than_the_page_has()
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
    public async Task Many_deleted_keys_cost_few_remote_pages_even_for_small_pages()
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
    public async Task The_first_pages_of_both_layers_are_requested_at_the_same_time()
    {
        Remote.Put("below", "a");
        Write("b");
        var localIsRead = new TaskCompletionSource();
        Layer.OnListed = localIsRead.SetResult;
        Remote.BeforeList = _ => localIsRead.Task;
        var (rows, _) = await PageAsync(Layer, Below, new ListingQuery("", "", ListingPosition.Start, 1001), 1000);
        Assert.Equal(["a", "b"], rows.Select(row => row.Name));
    }

    /// <summary>A thousand folders of a few keys each are no thousand calls: their keys are read through.</summary>
    [Theory]
    [InlineData(1000, 15)]
    [InlineData(100, 5)]
    [InlineData(10, 3)]
    [Trait("Rule", "L2")]
    public async Task Small_folders_with_deleted_keys_are_read_through_together(int pageSize, int most)
    {
        for (var i = 0; i < 1000; i++)
        {
            for (var k = 0; k < 10; k++)
            {
                Remote.Put("below", $"f{i:D3}/{k}");
                if (k == i % 10 || i % 100 == 7)
                {
                    Layer.Delete(Bucket, $"f{i:D3}/{k}");
                }
            }
        }

        var (rows, hasMore) = await PageAsync(Layer, Below, new ListingQuery("", "/", ListingPosition.Start, pageSize + 1), pageSize);
        Assert.Equal(Enumerable.Range(0, 1000).Where(i => i % 100 != 7).Take(pageSize).Select(i => $"f{i:D3}/"),
            rows.Select(row => row.Name));
        Assert.Equal(pageSize < 990, hasMore);
        Assert.InRange(Remote.Lists.Count, 1, most);
    }

    [Fact]
    [Trait("Rule", "L2")]
    public async Task No_folder_is_looked_into_that_local_has_or_that_local_leaves_no_room_for()
    {
        for (var i = 0; i < 50; i++)
        {
            for (var k = 0; k < 300; k++)
            {
                Remote.Put("below", $"f{i:D3}/{k:D3}");
            }

            Layer.Delete(Bucket, $"f{i:D3}/000");
            Write(i % 2 == 0 ? $"f{i:D3}/written" : $"f{i:D3}-between");
        }

        // The page ends with f021-between: two rows of local for each of the remote's.
        var (rows, _) = await PageAsync(Layer, Below, new ListingQuery("", "/", ListingPosition.Start, 34), 33);
        Assert.Equal("f021/", rows[^1].Name);
        var looked = Remote.Lists.Where(list => list.Prefix.Length > 0).Select(list => list.Prefix).ToList();
        Assert.Equal(looked.Distinct(), looked);
        Assert.All(looked, prefix => Assert.Contains(prefix, rows.Where((_, i) => i % 3 == 2).Select(row => row.Name)));
    }

    [Fact]
    [Trait("Rule", "L2")]
    public async Task A_run_of_deleted_keys_is_taken_in_pages_as_large_as_they_come()
    {
        for (var i = 0; i < 5001; i++)
        {
            Remote.Put("below", $"key{i:D5}");
            if (i < 5000)
            {
                Layer.Delete(Bucket, $"key{i:D5}");
            }
        }

        var (rows, hasMore) = await PageAsync(Layer, Below, new ListingQuery("", "", ListingPosition.Start, 2), 1);
        Assert.Equal(("key05000", false), (Assert.Single(rows).Name, hasMore));
        Assert.Equal([2, 1000, 1000, 1000, 1000, 1000], Remote.Lists.Select(list => list.MaxKeys));
    }

    /// <summary>A page does not walk over all tombstones of keys that the remote no longer has.</summary>
    [Theory]
    [InlineData("", 1, 1100)]
    [InlineData("", 1000, 1100)]
    [InlineData("/", 1, 3100)]
    [InlineData("/", 1000, 3100)]
    [Trait("Rule", "L2")]
    public async Task Ten_thousand_tombstones_in_a_row_are_stepped_over(string delimiter, int pageSize, int most)
    {
        Remote.Put("below", "a");
        Remote.Put("below", "folder/z");
        Remote.Put("below", "y");
        Remote.Put("below", "z");
        for (var i = 0; i < 10_000; i++)
        {
            Layer.Delete(Bucket, $"folder/{i:D5}");
        }

        var query = new ListingQuery("", delimiter, new ListingPosition("a", false), pageSize + 1);
        var (rows, hasMore) = await PageAsync(Layer, Below, query, pageSize);
        string[] expected = [delimiter == "/" ? "folder/" : "folder/z", "y", "z"];
        Assert.Equal(expected.Take(pageSize), rows.Select(row => row.Name));
        Assert.Equal(pageSize == 1, hasMore);
        Assert.InRange(Layer.DeletedTaken, 1, most);
    }

    /// <summary>A remote that knows no such delimiter gives all keys of a folder: one page of them is enough.</summary>
    [Theory]
    [InlineData(false, 9)]
    [InlineData(true, 23)]
    [Trait("Rule", "L2")]
    public async Task A_folder_that_the_remote_does_not_roll_up_is_stepped_over(bool ignoresStartAfter, int most)
    {
        (Remote.IgnoresDelimiters, Remote.IgnoresStartAfter) = (true, ignoresStartAfter);
        for (var i = 0; i < 20_000; i++)
        {
            Remote.Put("below", $"{i / 5000}::{i:D5}");
        }

        var (rows, hasMore) = await PageAsync(Layer, Below, new ListingQuery("", "::", ListingPosition.Start, 1001), 1000);
        Assert.Equal(["0::", "1::", "2::", "3::"], rows.Select(row => row.Name));
        Assert.False(hasMore);
        Assert.InRange(Remote.Lists.Count, 1, most);
    }

    [Fact]
    [Trait("Rule", "L2")]
    public async Task Folders_are_probed_several_at_a_time_and_none_that_the_page_has_no_room_for()
    {
        for (var i = 0; i < 30; i++)
        {
            for (var k = 0; k < 300; k++)
            {
                Remote.Put("below", $"f{i:D3}/deleted{k}");
                Layer.Delete(Bucket, $"f{i:D3}/deleted{k}");
            }

            Remote.Put("below", $"f{i:D3}/visible");
        }

        // No probe gets a response before four are waiting.
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

            return four.Task.WaitAsync(Patience.Limit);
        };
        var (rows, hasMore) = await PageAsync(Layer, Below, new ListingQuery("", "/", ListingPosition.Start, 11), 10);
        Assert.Equal(Enumerable.Range(0, 10).Select(i => $"f{i:D3}/"), rows.Select(row => row.Name));
        Assert.True(hasMore);
        Assert.Equal(Remote.Lists.Count(list => list.Prefix.Length > 0),
            Remote.Lists.Where(list => list.Prefix.Length > 0).DistinctBy(list => list.Prefix).Count());
        Assert.InRange(Remote.Lists.Count(list => list.Prefix.Length > 0), 10, 11);
    }
}
