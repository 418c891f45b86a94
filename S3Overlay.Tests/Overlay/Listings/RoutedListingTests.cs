using Microsoft.Extensions.Logging.Abstractions;

using S3Overlay.Proxy.Overlay.Listings;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Listings;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Listings;

/// <summary>Listings of buckets whose keys continue on several remotes (rule M3).</summary>
public sealed class RoutedListingTests
{
    private const string Bucket = "bucket";

    private static readonly string[] Letters = ["a", "b", "/", "/", "\U0001F600", "\uFFFD", "\U0010FFFF"];

    private readonly InMemoryLayer _layer = new();
    private readonly InMemoryRemote _first = new();
    private readonly InMemoryRemote _second = new();

    public RoutedListingTests()
    {
        _first.AddBucket("below");
        _second.AddBucket("below");
    }

    /// <summary>
    /// Random places with random keys, tombstones and written keys, walked through by tokens: the keys that a plain dictionary says are
    /// visible, each once, every page full.
    /// </summary>
    [Theory]
    [InlineData(1, 1000, false)]
    [InlineData(2, 1, false)]
    [InlineData(3, 2, false)]
    [InlineData(4, 3, true)]
    [InlineData(5, 1000, true)]
    [Trait("Rule", "M3")]
    public async Task Any_places_are_listed_as_the_model_says(int seed, int remotePage, bool ignoresStartAfter)
    {
        var random = new Random(seed);
        for (var round = 0; round < 6; round++)
        {
            var (layer, routes, visible) =
                Scene(random, () => new InMemoryRemote { PageLimit = remotePage, IgnoresStartAfter = ignoresStartAfter });
            foreach (var delimiter in (string[])["", "/", "a", "//", "/b", "\U0001F600"])
            {
                foreach (var prefix in (string[])["", "a", "a/", "/", RandomKey(random)])
                {
                    var query = new ListingQuery(prefix, delimiter, ListingPosition.Start, 0);
                    var expected = ListingModel.Rows(visible, query, info => info);
                    foreach (var pageSize in (int[])[1, 3, 1000])
                    {
                        var actual = await WalkAsync(layer, routes, query, pageSize);
                        Assert.Equal(Names(expected), Names(actual));
                        Assert.Equal(expected, actual);
                    }
                }
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(1000)]
    [Trait("Rule", "M3")]
    public async Task Starting_anywhere_shows_what_lies_behind(int remotePage)
    {
        var random = new Random(31 + remotePage);
        for (var round = 0; round < 6; round++)
        {
            var (layer, routes, visible) = Scene(random, () => new InMemoryRemote { PageLimit = remotePage });
            foreach (var delimiter in (string[])["", "/", "ab"])
            {
                foreach (var prefix in (string[])["", "a", "b/"])
                {
                    for (var i = 0; i < 8; i++)
                    {
                        var query = new ListingQuery(prefix, delimiter, new ListingPosition(RandomKey(random), random.Next(3) == 0), 0);
                        var expected = ListingModel.Rows(visible, query, info => info);
                        Assert.Equal(Names(expected), Names(await WalkAsync(layer, routes, query, 4)));
                    }
                }
            }
        }
    }

    /// <summary>
    /// Keys of the first remote that belong to the second hide nothing and show nothing. The listing skips them instead of reading through
    /// them.
    /// </summary>
    [Fact]
    [Trait("Rule", "M3")]
    public async Task Keys_that_another_remote_hides_are_stepped_over()
    {
        _first.Put("below", "a");
        for (var i = 0; i < 5000; i++)
        {
            _first.Put("below", $"m/{i:D5}");
        }

        _first.Put("below", "z");
        _second.Put("below", "there/key");
        var (rows, hasMore) = await PageAsync(_layer, Both("m/", "there/"), new ListingQuery("", "", ListingPosition.Start, 0), 1000);
        Assert.Equal(["a", "m/key", "z"], Names(rows));
        Assert.False(hasMore);
        Assert.Equal(2, _first.Lists.Count);
        Assert.Single(_second.Lists);
    }

    [Fact]
    [Trait("Rule", "M3")]
    public async Task A_page_that_ends_before_another_remotes_keys_does_not_ask_it()
    {
        for (var i = 0; i < 50; i++)
        {
            _first.Put("below", $"a{i:D2}");
        }

        _second.Put("below", "key");
        var routes = Both("m/", "");
        var (rows, hasMore) = await PageAsync(_layer, routes, new ListingQuery("", "", ListingPosition.Start, 0), 20);
        Assert.Equal((20, true), (rows.Count, hasMore));
        Assert.Equal((1, 0), (_first.Lists.Count, _second.Lists.Count));
    }

    [Fact]
    [Trait("Rule", "M3")]
    public async Task A_listing_under_one_remotes_prefix_needs_no_other()
    {
        for (var i = 0; i < 3; i++)
        {
            _second.Put("below", $"there/x/{i}");
        }

        var (rows, _) = await PageAsync(_layer, Both("m/", "there/"), new ListingQuery("m/x/", "/", ListingPosition.Start, 0), 1000);
        Assert.Equal(["m/x/0", "m/x/1", "m/x/2"], Names(rows));
        Assert.Equal((0, 1), (_first.Calls, _second.Calls));
    }

    /// <summary>A thousand keys are one page of the remote that has them, and its response says whether more follow.</summary>
    [Fact]
    [Trait("Rule", "M3")]
    public async Task Full_pages_cost_one_page_of_the_remote_that_has_them()
    {
        for (var i = 0; i < 3000; i++)
        {
            _second.Put("below", $"{i:D5}");
        }

        var position = ListingPosition.Start;
        for (var page = 0; page < 3; page++)
        {
            _second.Forget();
            var (rows, hasMore) = await PageAsync(_layer, Both("m/", ""), new ListingQuery("m/", "", position, 0), 1000);
            Assert.Equal((1000, page < 2), (rows.Count, hasMore));
            Assert.Single(_second.Lists);
            position = new ListingPosition(rows[^1].Name, false);
        }

        Assert.Equal(0, _first.Calls);
    }

    /// <summary>
    /// A folder with keys in both is probed once. The second remote is probed only if the first has nothing to show there.
    /// </summary>
    [Theory]
    [InlineData("d/a", 2, 0)]
    [InlineData("d/m/hidden", 2, 1)]
    [Trait("Rule", "M3")]
    public async Task A_folder_in_which_another_remote_begins_is_looked_into(string key, int callsOfFirst, int callsOfSecond)
    {
        _first.Put("below", key);
        _second.Put("below", "key");
        var (rows, _) = await PageAsync(_layer, Both("d/m/", ""), new ListingQuery("", "/", ListingPosition.Start, 0), 1000);
        Assert.Equal(["d/ (prefix)"], Names(rows));
        Assert.Equal((callsOfFirst, callsOfSecond), (_first.Lists.Count, _second.Lists.Count));
    }

    [Fact]
    [Trait("Rule", "M3")]
    public async Task A_folder_of_which_everything_is_hidden_or_deleted_does_not_show()
    {
        _first.Put("below", "d/m/hidden");
        _first.Put("below", "d/gone");
        _second.Put("below", "deleted");
        _layer.Delete(Bucket, "d/gone");
        _layer.Delete(Bucket, "d/m/deleted");
        var (rows, hasMore) = await PageAsync(_layer, Both("d/m/", ""), new ListingQuery("", "/", ListingPosition.Start, 0), 1000);
        Assert.Empty(rows);
        Assert.False(hasMore);
    }

    [Fact]
    [Trait("Rule", "L4")]
    public async Task A_remote_that_fails_is_no_empty_one()
    {
        _first.Put("below", "a");
        _second.Failure = new RemoteException(RemoteFailure.Unavailable, "down");
        await Assert.ThrowsAsync<RemoteException>(
            () => PageAsync(_layer, Both("m/", ""), new ListingQuery("", "", ListingPosition.Start, 0), 1000));
    }

    private BucketRoutes Both(string prefix, string there) =>
        new([new RemoteBucket(_first, "below", ""), new RemoteBucket(_second, "below", there, prefix)]);

    private static (InMemoryLayer Layer, BucketRoutes Routes, SortedDictionary<string, ObjectInfo> Visible) Scene(
        Random random, Func<InMemoryRemote> remote)
    {
        var prefixes = Enumerable.Range(0, random.Next(1, 5)).Select(_ => RandomKey(random)).Append(random.Next(4) == 0 ? "b/" : "")
            .Distinct().ToList();
        var places = prefixes.ConvertAll(
            prefix => new RemoteBucket(remote(), "below", random.Next(3) switch { 0 => "", 1 => prefix, _ => "there/" }, prefix));
        var (layer, routes) = (new InMemoryLayer(), new BucketRoutes(places));
        var visible = new SortedDictionary<string, ObjectInfo>(Utf8Order.Instance);
        foreach (var place in places)
        {
            var source = (InMemoryRemote)place.Remote;
            source.AddBucket("below");
            for (var i = 0; i < 25; i++)
            {
                var key = place.ClientPrefix + RandomKey(random);
                var info = source.Put("below", place.RemoteKey(key), key + " of " + place.ClientPrefix);

                // The oracle: the remote with the longest matching prefix.
                if (place.ClientPrefix == prefixes.Where(prefix => key.StartsWith(prefix, StringComparison.Ordinal))
                    .MaxBy(prefix => prefix.Length))
                {
                    visible[key] = info;
                }
            }

            // Keys outside the prefix must not show. No random prefix starts like this.
            if (place.KeyPrefix.Length > 0)
            {
                source.Put("below", "0beside");
            }
        }

        foreach (var key in visible.Keys.ToList())
        {
            if (random.Next(3) == 0)
            {
                layer.Delete(Bucket, key);
                visible.Remove(key);
            }
        }

        for (var i = 0; i < 6; i++)
        {
            layer.Delete(Bucket, RandomKey(random) + "gone");
            var key = RandomKey(random);
            layer.Write(Bucket, key,
                visible[key] = new ObjectInfo { Size = i, ETag = $"\"{i}\"", LastModified = DateTimeOffset.UnixEpoch });
        }

        return (layer, routes, visible);
    }

    private static string RandomKey(Random random) =>
        string.Concat(Enumerable.Range(0, random.Next(1, 5)).Select(_ => Letters[random.Next(Letters.Length)]));

    private static async Task<List<ListingRow>> WalkAsync(InMemoryLayer layer, BucketRoutes routes, ListingQuery query, int pageSize)
    {
        var all = new List<ListingRow>();
        while (true)
        {
            var (rows, hasMore) = await PageAsync(layer, routes, query, pageSize);
            Assert.True(all.Count == 0 || rows.Count > 0, "A page was promised, and is empty.");
            all.AddRange(rows);
            Assert.True(all.Count <= 1000, "The same rows come over and over.");
            if (!hasMore)
            {
                return all;
            }

            Assert.Equal(pageSize, rows.Count);
            query = query with { After = new ListingPosition(rows[^1].Name, rows[^1].IsPrefix) };
        }
    }

    private static async Task<(List<ListingRow> Rows, bool HasMore)> PageAsync(
        InMemoryLayer layer, BucketRoutes routes, ListingQuery query, int pageSize)
    {
        await using var source = new MergedListingSource(layer, null, Bucket, routes, query with { PageSize = pageSize + 1 },
            NullLogger.Instance);
        var rows = new List<ListingRow>();
        while (rows.Count < pageSize && await source.NextAsync(default) is { } row)
        {
            rows.Add(row);
        }

        return (rows, rows.Count == pageSize && await source.HasMoreAsync(default));
    }

    private static IEnumerable<string> Names(IEnumerable<ListingRow> rows) =>
        rows.Select(row => row.IsPrefix ? row.Name + " (prefix)" : row.Name);
}
