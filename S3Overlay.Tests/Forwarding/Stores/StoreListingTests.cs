using S3Overlay.Proxy.Forwarding.Stores;
using S3Overlay.Proxy.Overlay.Listings;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Listings;
using S3Overlay.Tests.Contract;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Forwarding.Stores;

[Trait("Rule", "L2")]
public sealed class StoreListingTests : StoreTestBase
{
    [Fact]
    public async Task Ten_thousand_tombstones_are_listed_in_order_in_few_calls()
    {
        var keys = Enumerable.Range(0, 10_000).Select(i => $"{(char)('a' + (i % 26))}/{i}{(i % 7 == 0 ? "/é" : "")}").ToList();
        await Parallel.ForEachAsync(keys, new ParallelOptions { MaxDegreeOfParallelism = 16 },
            async (key, token) => await One.State.MarkDeletedAsync("bucket", key, token));
        await One.State.MarkDeletedAsync("bucket-2", "a/other", default);
        keys.Sort(Utf8Order.Compare);
        Store.ForgetCalls();
        Assert.Equal(keys, await ToListAsync(Other.State.ListDeletedAsync("bucket", "", "", default)));
        Assert.Equal(11, Store.Calls.Count);
        Store.ForgetCalls();
        Assert.Equal(keys.Where(key => key.StartsWith("k/", StringComparison.Ordinal)),
            await ToListAsync(Other.State.ListDeletedAsync("bucket", "k/", "", default)));
        Assert.Equal(2, Store.Calls.Count);
        Assert.Equal(keys[5001..], await ToListAsync(Other.State.ListDeletedAsync("bucket", "", keys[5000], default)));
        Store.ForgetCalls();
        await foreach (var first in Other.State.ListDeletedAsync("bucket", "", keys[5000], default))
        {
            Assert.Equal(keys[5001], first);
            break;
        }

        Assert.Contains("max-keys=100&", Assert.Single(Store.Calls).Query + "&", StringComparison.Ordinal);
        Store.ForgetCalls();
        Assert.Empty(await ToListAsync(Other.State.ListDeletedAsync("bucket", "a/", "b", default)));
        Assert.Empty(Store.Calls);
    }

    /// <summary>To see whether there is one key after the start, a request must not list a thousand.</summary>
    [Fact]
    public async Task A_folder_that_a_listing_starts_within_is_asked_for_one_key()
    {
        await using var scene = await StoreScene.StartAsync();
        scene.Remote.Put("bucket", "folder/a", "a"u8.ToArray());
        scene.Remote.Put("bucket", "folder/c", "c"u8.ToArray());
        Assert.Equal(200, (await scene.SendAsync("PUT", "/bucket/other", "other")).Status);
        scene.Store.ForgetCalls();
        Assert.Contains("<Prefix>folder/</Prefix>",
            (await scene.SendAsync("GET", "/bucket?list-type=2&delimiter=/&start-after=folder/a")).Text, StringComparison.Ordinal);
        var look = Assert.Single(scene.Store.Calls, call => call.Path.StartsWith("/bucket", StringComparison.Ordinal)
            && call.Query.Contains("prefix=folder", StringComparison.Ordinal));
        Assert.Contains("max-keys=1&", look.Query + "&", StringComparison.Ordinal);
    }

    /// <summary>Keys with cut names, many with a common prefix, compared with a model.</summary>
    [Fact]
    public async Task Long_keys_are_listed_in_order_from_anywhere()
    {
        var random = new Random(5);
        var long1 = string.Concat(Enumerable.Repeat("日本", 100));
        var long2 = new string('/', 255);
        var keys = new HashSet<string>(AwkwardKeys.All, StringComparer.Ordinal);
        for (var i = 0; i < 150; i++)
        {
            var start = (random.Next(3) == 0 ? "x/" : "") + (random.Next(2) == 0 ? long1 : long2);
            keys.Add(start[..random.Next(start.Length / 2, start.Length + 1)] + "aé/-~\U0001F600\uffff"[random.Next(5)..random.Next(5, 6)]
                + random.Next(5));
            keys.Add(start + "aé/-~"[random.Next(5)] + random.Next(30));
        }

        var sorted = keys.Order(Utf8Order.Instance).ToList();
        await Parallel.ForEachAsync(sorted, new ParallelOptions { MaxDegreeOfParallelism = 8 },
            async (key, token) => await One.State.MarkDeletedAsync("bucket", key, token));
        Assert.Contains(sorted, key => CacheNames.IsCut(CacheNames.OfKey(key)));
        Assert.Equal(sorted, await ToListAsync(Other.State.ListDeletedAsync("bucket", "", "", default)));
        for (var i = 0; i < 60; i++)
        {
            var (from, like) = (sorted[random.Next(sorted.Count)], sorted[random.Next(sorted.Count)]);
            var prefix = random.Next(3) == 0 ? "" : Start(like, random.Next(like.Length + 1));
            var after = random.Next(4) == 0 ? ListingBounds.Beyond(Start(from, from.Length / 2)) : from;
            var expected = sorted.Where(key => key.StartsWith(prefix, StringComparison.Ordinal) && Utf8Order.Compare(key, after) > 0);
            Assert.Equal(expected, await ToListAsync(Other.State.ListDeletedAsync("bucket", prefix, after, default)));
        }
    }

    [Fact]
    public async Task What_is_no_tombstone_hides_nothing_and_a_damaged_one_is_no_guess()
    {
        await One.State.MarkDeletedAsync("bucket", "a", default);
        await One.WriteAsync(One.Store.CacheBucket, "t/bucket/readme.txt");
        Assert.Equal(["a"], await ToListAsync(One.State.ListDeletedAsync("bucket", "", "", default)));
        var key = new string('/', 1000);
        await One.WriteAsync(One.Store.CacheBucket, CacheNames.Tombstone("bucket", key));
        Assert.Equal(503,
            (await Assert.ThrowsAsync<S3Exception>(() => ToListAsync(One.State.ListDeletedAsync("bucket", "", "", default)))).Error.Status);
        await One.State.MarkDeletedAsync("bucket", key, default);
        Assert.Equal([key, "a"], await ToListAsync(One.State.ListDeletedAsync("bucket", "", "", default)));
    }

    [Fact]
    public async Task A_tombstone_removed_during_the_listing_is_left_out()
    {
        var keys = Enumerable.Range(0, 5).Select(i => new string('/', 900) + i).ToList();
        foreach (var key in keys)
        {
            await One.State.MarkDeletedAsync("bucket", key, default);
        }

        Store.Before = async call =>
        {
            if (call.Query.Length == 0 && call.Method == "GET")
            {
                Store.Before = null;
                await Other.Calls.DeleteAsync(One.Store.CacheBucket, CacheNames.Tombstone("bucket", keys[2]), default);
                await Other.Calls
                    .DeleteAsync(One.Store.CacheBucket, Uri.UnescapeDataString(call.Path[(One.Store.CacheBucket.Length + 2)..]),
                    default);
            }
        };
        var seen = await ToListAsync(One.State.ListDeletedAsync("bucket", "", "", default));
        Assert.DoesNotContain(keys[2], seen.Count == 5 ? seen : []);
        Assert.Equal(await ToListAsync(One.State.ListDeletedAsync("bucket", "", "", default)), seen.Where(key => key != keys[2]));
    }

    [Fact]
    public async Task Written_objects_are_listed_as_the_query_says()
    {
        await One.State.EnsureBucketAsync("bucket", default);
        foreach (var key in (string[])["a", "b/1", "b/2", "c", "é"])
        {
            await One.WriteAsync("bucket", key);
        }

        Assert.Equal(["a", "b/", "c", "é"], await RowsAsync("bucket", new("", "/", ListingPosition.Start, 2)));
        Assert.Equal(["b/2", "c"], (await RowsAsync("bucket", new("", "", new("b/1", false), 2)))[..2]);
        Assert.Empty(await RowsAsync("no-such-bucket", new("", "", ListingPosition.Start, 2)));
    }

    private async Task<List<string>> RowsAsync(string bucket, ListingQuery query)
    {
        var names = new List<string>();
        await using var rows = One.State.ListWritten(bucket, query);
        while (await rows.NextAsync(default) is { } row)
        {
            names.Add(row.Name);
        }

        return names;
    }

    private static string Start(string key, int length) =>
        key[..(length > 0 && char.IsHighSurrogate(key[length - 1]) ? length - 1 : length)];
}
