using Microsoft.Extensions.Logging.Abstractions;

using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Listings;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Listings;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Listings;

public sealed class MergedListingTests : MergedListingTestBase
{
    /// <summary>
    /// Random layers, every delimiter, prefix and page size, paged by tokens: always the model's list, no row twice, every page full.
    /// </summary>
    [Theory]
    [InlineData(1, 1000, "")]
    [InlineData(2, 1, "")]
    [InlineData(3, 2, "hidden/")]
    [InlineData(4, 3, "hid")]
    [InlineData(5, 1000, "\U0001F600/")]
    [Trait("Rule", "L1")]
    public async Task Any_twoLayers_are_listed_as_the_model_says(int seed, int remotePage, string keyPrefix)
    {
        var random = new Random(seed);
        for (var round = 0; round < 12; round++)
        {
            var (layer, remote) = (new InMemoryLayer(), new InMemoryRemote { PageLimit = remotePage });
            remote.AddBucket("below");
            var visible = Fill(random, layer, remote, keyPrefix);
            var below = new RemoteBucket(remote, "below", keyPrefix);
            foreach (var delimiter in (string[])["", "/", "a", "//", "/b", "\U0001F600", "zz"])
            {
                foreach (var prefix in (string[])["", "a", "a/", "/", "b\U0001F600", "nothing"])
                {
                    foreach (var pageSize in (int[])[1, 2, 3, 7, 1000])
                    {
                        var query = new ListingQuery(prefix, delimiter, ListingPosition.Start, pageSize + 1);
                        var expected = ListingModel.Rows(visible, query, info => info);
                        var actual = await WalkAsync(layer, below, query, pageSize);
                        Assert.Equal(Names(expected), Names(actual));
                        Assert.Equal(expected, actual);
                    }
                }
            }
        }
    }

    /// <summary>A client may start anywhere: inside a folder, behind one, between surrogates.</summary>
    [Theory]
    [InlineData(1, false)]
    [InlineData(3, false)]
    [InlineData(1000, false)]
    [InlineData(2, true)]
    [InlineData(1000, true)]
    [Trait("Rule", "L1")]
    public async Task Starting_anywhere_shows_what_lies_behind(int remotePage, bool leavesOutOpenFolders)
    {
        var random = new Random(77);
        var remote = new InMemoryRemote { PageLimit = remotePage, LeavesOutOpenFolders = leavesOutOpenFolders };
        Layer.LeavesOutOpenFolders = leavesOutOpenFolders;
        remote.AddBucket("below");
        var visible = Fill(random, Layer, remote, "");
        var below = new RemoteBucket(remote, "below", "");
        foreach (var delimiter in (string[])["", "/", "ab"])
        {
            foreach (var prefix in (string[])["", "a", "b/"])
            {
                for (var i = 0; i < 60; i++)
                {
                    var query = new ListingQuery(prefix, delimiter, new ListingPosition(RandomKey(random), random.Next(3) == 0), 5);
                    var expected = ListingModel.Rows(visible, query, info => info);
                    var actual = await WalkAsync(Layer, below, query, 4);
                    Assert.Equal(Names(expected), Names(actual));
                }
            }
        }
    }

    /// <summary>In either layer, and regardless of whether the layer shows a folder that a listing starts within.</summary>
    [Theory, Trait("Rule", "L1")]
    [InlineData("written", true)]
    [InlineData("written", false)]
    [InlineData("remote", true)]
    [InlineData("remote", false)]
    public async Task Keys_after_a_start_within_a_folder_make_it_a_row(string where, bool leavesOutOpenFolders)
    {
        (Layer.LeavesOutOpenFolders, Remote.LeavesOutOpenFolders) = (leavesOutOpenFolders, leavesOutOpenFolders);
        foreach (var key in (string[])["folder/a", "folder/c", "g"])
        {
            _ = where == "written" ? Write(key) : Remote.Put("below", key);
        }

        foreach (var (start, isShown) in ((string, bool)[])[("folder/a", true), ("folder/b", true), ("folder/c", false)])
        {
            var (rows, _) = await PageAsync(Layer, Below, new ListingQuery("", "/", new ListingPosition(start, false), 1001), 1000);
            Assert.Equal(isShown ? ["folder/ (prefix)", "g"] : ["g"], Names(rows));
        }
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    [Trait("Rule", "L1")]
    public async Task ARemote_that_knows_no_delimiter_or_start_is_listed_all_the_same(bool ignoresDelimiters, bool ignoresStartAfter)
    {
        var random = new Random(5);
        Remote.IgnoresDelimiters = ignoresDelimiters;
        Remote.IgnoresStartAfter = ignoresStartAfter;
        Remote.PageLimit = 4;
        var visible = Fill(random, Layer, Remote, "");
        foreach (var delimiter in (string[])["/", "ab"])
        {
            var query = new ListingQuery("", delimiter, ListingPosition.Start, 4);
            Assert.Equal(Names(ListingModel.Rows(visible, query, info => info)), Names(await WalkAsync(Layer, Below, query, 3)));
        }
    }

    [Fact]
    [Trait("Rule", "L4")]
    public async Task A_probe_that_fails_fails_the_page()
    {
        Remote.Put("below", "folder/deleted");
        Layer.Delete(Bucket, "folder/deleted");
        Remote.BeforeList = listing => listing.Prefix == "folder/"
            ? Task.FromException(new RemoteException(RemoteFailure.Unavailable, "down"))
            : Task.CompletedTask;
        await Assert.ThrowsAsync<RemoteException>(() => PageAsync(Layer, Below, new ListingQuery("", "/", ListingPosition.Start, 11), 10));
    }

    [Fact]
    [Trait("Rule", "L1")]
    public async Task A_written_key_outranks_its_tombstone_and_theRemote()
    {
        Remote.Put("below", "key");
        Layer.Delete(Bucket, "key");
        var written = Write("key");
        var (rows, _) = await PageAsync(Layer, Below, new ListingQuery("", "", ListingPosition.Start, 1001), 1000);
        Assert.Equal(written.ETag, Assert.Single(rows).Object!.ETag);
    }

    [Fact]
    [Trait("Rule", "L2")]
    public async Task ARemote_in_another_order_is_an_error_and_never_a_page()
    {
        Remote.OrdersByUtf16 = true;
        Remote.Put("below", "\U0001F600");
        Remote.Put("below", "\uFFFD");
        var failure = await Assert.ThrowsAsync<S3Exception>(
            () => PageAsync(Layer, Below, new ListingQuery("", "", ListingPosition.Start, 1001), 1000));
        Assert.Equal(503, failure.Error.Status);
    }

    [Fact]
    public async Task A_bucket_theRemote_lacks_is_empty_there()
    {
        Write("key");
        var below = new RemoteBucket(Remote, "missing", "");
        var (rows, hasMore) = await PageAsync(Layer, below, new ListingQuery("", "", ListingPosition.Start, 1001), 1000);
        Assert.Equal("key", Assert.Single(rows).Name);
        Assert.False(hasMore);
    }

    [Fact]
    public async Task The_marker_of_the_hidden_folder_itself_is_no_key()
    {
        Remote.Put("below", "hidden/");
        Remote.Put("below", "hidden/key");
        var below = new RemoteBucket(Remote, "below", "hidden/");
        var (rows, _) = await PageAsync(Layer, below, new ListingQuery("", "/", ListingPosition.Start, 1001), 1000);
        Assert.Equal("key", Assert.Single(rows).Name);
    }

    [Theory]
    [InlineData(6, "same", 0, false)]
    [InlineData(7, "same", 0, true)]
    [InlineData(6, "other", 0, true)]
    [InlineData(6, "same", 5, true)]
    [Trait("Rule", "T2")]
    public async Task An_entry_that_differs_from_the_row_shown_is_evicted(long size, string tag, int secondsLater, bool isEvicted)
    {
        var info = Remote.Put("below", "folder/key");
        Remote.Put("below", "other/key");
        var held = new CachedRows();
        held.Rows.Add(
            new CacheRow("folder/key", size, tag == "same" ? info.ETag : "\"other\"", info.LastModified.AddSeconds(secondsLater)));
        held.Rows.Add(new CacheRow("other/key", 1, "\"x\"", info.LastModified));
        var query = new ListingQuery("folder/", "/", ListingPosition.Start, 1001);
        await using var source = new MergedListingSource(Layer, held, Bucket, new BucketRoutes(Below), query, NullLogger.Instance);
        Assert.Equal("folder/key", (await source.NextAsync(default))!.Name);
        Assert.Equal(isEvicted ? ["folder/key"] : [], held.Evicted);
    }

    private static IEnumerable<string> Names(IEnumerable<ListingRow> rows) =>
        rows.Select(row => row.IsPrefix ? row.Name + " (prefix)" : row.Name);

    private static SortedDictionary<string, ObjectInfo> Fill(Random random, InMemoryLayer layer, InMemoryRemote remote, string keyPrefix)
    {
        var visible = new SortedDictionary<string, ObjectInfo>(Utf8Order.Instance);
        for (var i = 0; i < 40; i++)
        {
            var key = RandomKey(random);
            visible[key] = remote.Put("below", keyPrefix + key, "remote " + key);
        }

        // Keys outside the hidden prefix must not show.
        if (keyPrefix.Length > 0)
        {
            remote.Put("below", "hic");
            remote.Put("below", "zzz");
        }

        foreach (var key in visible.Keys.ToList())
        {
            if (random.Next(2) == 0)
            {
                layer.Delete(Bucket, key);
                visible.Remove(key);
            }
        }

        for (var i = 0; i < 10; i++)
        {
            layer.Delete(Bucket, RandomKey(random) + "gone");
        }

        for (var i = 0; i < 12; i++)
        {
            var key = RandomKey(random);
            layer.Write(Bucket, key, visible[key] = Info("written " + key));
        }

        return visible;
    }

    private static string RandomKey(Random random)
    {
        string[] letters = ["a", "b", "/", "/", "\U0001F600", "\uFFFD", "é"];
        return string.Concat(Enumerable.Range(0, random.Next(1, 6)).Select(_ => letters[random.Next(letters.Length)]));
    }

    private sealed class CachedRows : ICacheStore
    {
        public List<CacheRow> Rows { get; } = [];

        public List<string> Evicted { get; } = [];

        public ValueTask<ICacheEntry?> FindAsync(string bucket, string key, LookupHint wish, CancellationToken cancellationToken) =>
            new((ICacheEntry?)null);

        public ValueTask<ICacheEntry> CreateAsync(
            string bucket, string key, EntryIdentity identity, ObjectInfo info, DateTimeOffset validatedAt,
            CancellationToken cancellationToken) => throw new NotSupportedException();

        public ValueTask RenewAsync(
            string bucket, string key, string etag, DateTimeOffset validatedAt, ObjectInfo? info, CancellationToken cancellationToken) =>
                throw new NotSupportedException();

        public ValueTask EvictAsync(string bucket, string key, string? onlyETag, CancellationToken cancellationToken)
        {
            Assert.NotNull(onlyETag);
            Evicted.Add(key);
            return default;
        }

        public async IAsyncEnumerable<CacheRow> ListAsync(
            string bucket, string prefix, string after,
            [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
        {
            await ValueTask.CompletedTask;
            foreach (var row in Rows.Where(row => row.Key.StartsWith(prefix, StringComparison.Ordinal)
                && Utf8Order.Compare(row.Key, after) > 0))
            {
                yield return row;
            }
        }

        public IAsyncEnumerable<string> ListBucketsAsync(CancellationToken cancellationToken) => throw new NotSupportedException();
    }
}
