using Microsoft.Extensions.Logging.Abstractions;

using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Listings;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Listings;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Listings;

public sealed class MergedListingTests
{
    private const string Bucket = "bucket";

    private readonly InMemoryLayer _layer = new();
    private readonly InMemoryRemote _remote = new();

    public MergedListingTests() => _remote.AddBucket("below");

    /// <summary>Random layers, every delimiter, prefix and page size, walked through by tokens: always the model's list, no row twice, every page full.</summary>
    [Theory]
    [InlineData(1, 1000, "")]
    [InlineData(2, 1, "")]
    [InlineData(3, 2, "hidden/")]
    [InlineData(4, 3, "hid")]
    [InlineData(5, 1000, "\U0001F600/")]
    [Trait("Rule", "L1")]
    public async Task Any_two_layers_are_listed_as_the_model_says(int seed, int remotePage, string keyPrefix)
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
        remote.AddBucket("below");
        var visible = Fill(random, _layer, remote, "");
        var below = new RemoteBucket(remote, "below", "");
        foreach (var delimiter in (string[])["", "/", "ab"])
        {
            foreach (var prefix in (string[])["", "a", "b/"])
            {
                for (var i = 0; i < 60; i++)
                {
                    var query = new ListingQuery(prefix, delimiter, new ListingPosition(RandomKey(random), random.Next(3) == 0), 5);
                    var expected = ListingModel.Rows(visible, query, info => info);
                    var actual = await WalkAsync(_layer, below, query, 4);
                    Assert.Equal(Names(expected), Names(actual));
                }
            }
        }
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    [Trait("Rule", "L1")]
    public async Task A_remote_that_knows_no_delimiter_or_start_is_listed_all_the_same(bool ignoresDelimiters, bool ignoresStartAfter)
    {
        var random = new Random(5);
        _remote.IgnoresDelimiters = ignoresDelimiters;
        _remote.IgnoresStartAfter = ignoresStartAfter;
        _remote.PageLimit = 4;
        var visible = Fill(random, _layer, _remote, "");
        foreach (var delimiter in (string[])["/", "ab"])
        {
            var query = new ListingQuery("", delimiter, ListingPosition.Start, 4);
            Assert.Equal(Names(ListingModel.Rows(visible, query, info => info)), Names(await WalkAsync(_layer, Below(), query, 3)));
        }
    }

    [Fact]
    [Trait("Rule", "L2")]
    public async Task A_full_page_costs_one_remote_page()
    {
        for (var i = 0; i < 3000; i++)
        {
            _remote.Put("below", $"key{i:D5}");
        }

        Write("another");
        var pages = 0;
        var position = ListingPosition.Start;
        while (true)
        {
            _remote.Forget();
            var (rows, hasMore) = await PageAsync(_layer, Below(), new ListingQuery("", "", position, 1001), 1000);
            Assert.Single(_remote.Lists);
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
            _remote.Put("below", $"key{i:D5}");
        }

        await PageAsync(_layer, Below(), new ListingQuery("", "", ListingPosition.Start, 11), 10);
        Assert.Equal(11, Assert.Single(_remote.Lists).MaxKeys);
    }

    [Fact]
    [Trait("Rule", "L2")]
    public async Task Many_deleted_keys_cost_few_remote_pages_even_for_small_pages()
    {
        for (var i = 0; i < 5000; i++)
        {
            _remote.Put("below", $"key{i:D5}");
            if (i < 4990)
            {
                _layer.Delete(Bucket, $"key{i:D5}");
            }
        }

        var (rows, hasMore) = await PageAsync(_layer, Below(), new ListingQuery("", "", ListingPosition.Start, 2), 1);
        Assert.Equal("key04990", Assert.Single(rows).Name);
        Assert.True(hasMore);
        Assert.InRange(_remote.Lists.Count, 1, 10);
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
            _remote.Put("below", $"folder/{i:D5}");
            _layer.Delete(Bucket, $"folder/{i:D5}");
        }

        if (hasVisible)
        {
            _remote.Put("below", "folder/visible");
        }

        _remote.Put("below", "plain/key");
        var (rows, _) = await PageAsync(_layer, Below(), new ListingQuery("", "/", ListingPosition.Start, 1001), 1000);
        Assert.Equal(hasVisible ? ["folder/", "plain/"] : ["plain/"], rows.Select(row => row.Name));
        var probes = _remote.Lists.Where(list => list.Prefix == "folder/").ToList();
        Assert.InRange(probes.Count, 1, most);
        Assert.DoesNotContain(_remote.Lists, list => list.Prefix == "plain/");
    }

    [Fact]
    [Trait("Rule", "L2")]
    public async Task A_folder_that_was_written_to_costs_no_probe()
    {
        _remote.Put("below", "folder/a");
        _layer.Delete(Bucket, "folder/a");
        Write("folder/b");
        var (rows, _) = await PageAsync(_layer, Below(), new ListingQuery("", "/", ListingPosition.Start, 1001), 1000);
        Assert.Equal("folder/", Assert.Single(rows).Name);
        Assert.Single(_remote.Lists);
    }

    [Fact]
    [Trait("Rule", "L2")]
    public async Task The_first_pages_of_both_layers_are_fetched_at_the_same_time()
    {
        _remote.Put("below", "a");
        Write("b");
        var localIsRead = new TaskCompletionSource();
        _layer.OnListed = localIsRead.SetResult;
        _remote.BeforeList = _ => localIsRead.Task;
        var (rows, _) = await PageAsync(_layer, Below(), new ListingQuery("", "", ListingPosition.Start, 1001), 1000);
        Assert.Equal(["a", "b"], rows.Select(row => row.Name));
    }

    [Fact]
    [Trait("Rule", "L2")]
    public async Task Folders_are_probed_several_at_a_time_and_none_that_the_page_has_no_room_for()
    {
        for (var i = 0; i < 100; i++)
        {
            _remote.Put("below", $"f{i:D3}/deleted");
            _layer.Delete(Bucket, $"f{i:D3}/deleted");
            if (i % 2 == 0)
            {
                _remote.Put("below", $"f{i:D3}/visible");
            }
        }

        // No probe is answered before four are waiting for theirs.
        var (waiting, four) = (0, new TaskCompletionSource());
        _remote.BeforeList = listing =>
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
        var (rows, hasMore) = await PageAsync(_layer, Below(), new ListingQuery("", "/", ListingPosition.Start, 11), 10);
        Assert.Equal(Enumerable.Range(0, 10).Select(i => $"f{i * 2:D3}/"), rows.Select(row => row.Name));
        Assert.True(hasMore);
        Assert.Equal(_remote.Lists.Count(list => list.Prefix.Length > 0), _remote.Lists.Where(list => list.Prefix.Length > 0).DistinctBy(list => list.Prefix).Count());
        Assert.InRange(_remote.Lists.Count(list => list.Prefix.Length > 0), 20, 30);
    }

    [Fact]
    [Trait("Rule", "L4")]
    public async Task A_probe_that_fails_fails_the_page()
    {
        _remote.Put("below", "folder/deleted");
        _layer.Delete(Bucket, "folder/deleted");
        _remote.BeforeList = listing => listing.Prefix == "folder/"
            ? Task.FromException(new RemoteException(RemoteFailure.Unavailable, "down"))
            : Task.CompletedTask;
        await Assert.ThrowsAsync<RemoteException>(() => PageAsync(_layer, Below(), new ListingQuery("", "/", ListingPosition.Start, 11), 10));
    }

    [Fact]
    [Trait("Rule", "L1")]
    public async Task A_written_key_outranks_its_tombstone_and_the_remote()
    {
        _remote.Put("below", "key");
        _layer.Delete(Bucket, "key");
        var written = Write("key");
        var (rows, _) = await PageAsync(_layer, Below(), new ListingQuery("", "", ListingPosition.Start, 1001), 1000);
        Assert.Equal(written.ETag, Assert.Single(rows).Object!.ETag);
    }

    [Fact]
    [Trait("Rule", "L2")]
    public async Task A_remote_in_another_order_is_an_error_and_never_a_page()
    {
        _remote.OrdersByUtf16 = true;
        _remote.Put("below", "\U0001F600");
        _remote.Put("below", "\uFFFD");
        var failure = await Assert.ThrowsAsync<S3Exception>(
            () => PageAsync(_layer, Below(), new ListingQuery("", "", ListingPosition.Start, 1001), 1000));
        Assert.Equal(503, failure.Error.Status);
    }

    [Fact]
    public async Task A_bucket_the_remote_lacks_is_empty_there()
    {
        Write("key");
        var below = new RemoteBucket(_remote, "missing", "");
        var (rows, hasMore) = await PageAsync(_layer, below, new ListingQuery("", "", ListingPosition.Start, 1001), 1000);
        Assert.Equal("key", Assert.Single(rows).Name);
        Assert.False(hasMore);
    }

    [Fact]
    public async Task The_mark_of_the_hidden_folder_itself_is_no_key()
    {
        _remote.Put("below", "hidden/");
        _remote.Put("below", "hidden/key");
        var below = new RemoteBucket(_remote, "below", "hidden/");
        var (rows, _) = await PageAsync(_layer, below, new ListingQuery("", "/", ListingPosition.Start, 1001), 1000);
        Assert.Equal("key", Assert.Single(rows).Name);
    }

    [Theory]
    [InlineData(6, "same", 0, false)]
    [InlineData(7, "same", 0, true)]
    [InlineData(6, "other", 0, true)]
    [InlineData(6, "same", 5, true)]
    [Trait("Rule", "T2")]
    public async Task A_held_copy_that_differs_from_the_row_shown_is_dropped(long size, string tag, int secondsLater, bool isDropped)
    {
        var info = _remote.Put("below", "folder/key");
        _remote.Put("below", "other/key");
        var held = new HeldRows();
        held.Rows.Add(new HeldRow("folder/key", size, tag == "same" ? info.ETag : "\"other\"", info.LastModified.AddSeconds(secondsLater)));
        held.Rows.Add(new HeldRow("other/key", 1, "\"x\"", info.LastModified));
        var query = new ListingQuery("folder/", "/", ListingPosition.Start, 1001);
        await using var source = new MergedListingSource(_layer, held, Bucket, Below(), query, NullLogger.Instance);
        Assert.Equal("folder/key", (await source.NextAsync(default))!.Name);
        Assert.Equal(isDropped ? ["folder/key"] : [], held.Dropped);
    }

    private static async Task<List<ListingRow>> WalkAsync(InMemoryLayer layer, RemoteBucket below, ListingQuery query, int pageSize)
    {
        var all = new List<ListingRow>();
        while (true)
        {
            var (rows, hasMore) = await PageAsync(layer, below, query, pageSize);
            Assert.True(all.Count == 0 || rows.Count > 0, "A page was promised, and is empty.");
            all.AddRange(rows);
            if (!hasMore)
            {
                return all;
            }

            Assert.Equal(pageSize, rows.Count);
            query = query with { After = new ListingPosition(rows[^1].Name, rows[^1].IsPrefix) };
        }
    }

    private static async Task<(List<ListingRow> Rows, bool HasMore)> PageAsync(InMemoryLayer layer, RemoteBucket below, ListingQuery query, int pageSize)
    {
        await using var source = new MergedListingSource(layer, null, Bucket, below, query, NullLogger.Instance);
        var rows = new List<ListingRow>();
        while (rows.Count < pageSize && await source.NextAsync(default) is { } row)
        {
            rows.Add(row);
        }

        return (rows, rows.Count == pageSize && await source.HasMoreAsync(default));
    }

    private static IEnumerable<string> Names(IEnumerable<ListingRow> rows) => rows.Select(row => row.IsPrefix ? row.Name + " (prefix)" : row.Name);

    private static SortedDictionary<string, ObjectInfo> Fill(Random random, InMemoryLayer layer, InMemoryRemote remote, string keyPrefix)
    {
        var visible = new SortedDictionary<string, ObjectInfo>(Utf8Order.Instance);
        for (var i = 0; i < 40; i++)
        {
            var key = RandomKey(random);
            visible[key] = remote.Put("below", keyPrefix + key, "remote " + key);
        }

        // What lies beside the hidden prefix must not show.
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

    private static ObjectInfo Info(string text) => new()
    {
        Size = text.Length,
        ETag = $"\"{text.GetHashCode(StringComparison.Ordinal):x8}\"",
        LastModified = new DateTimeOffset(2025, 1, 2, 3, 4, 5, TimeSpan.Zero),
    };

    private RemoteBucket Below() => new(_remote, "below", "");

    private ObjectInfo Write(string key)
    {
        var info = Info("written " + key);
        _layer.Write(Bucket, key, info);
        return info;
    }

    private sealed class HeldRows : IHeldStore
    {
        public List<HeldRow> Rows { get; } = [];

        public List<string> Dropped { get; } = [];

        public ValueTask<IHeldCopy?> FindAsync(string bucket, string key, HeldWish wish, CancellationToken cancellationToken) => new((IHeldCopy?)null);

        public ValueTask<IHeldCopy> CreateAsync(
            string bucket, string key, HeldIdentity identity, ObjectInfo info, CancellationToken cancellationToken) => throw new NotSupportedException();

        public ValueTask DropAsync(string bucket, string key, string? onlyETag, CancellationToken cancellationToken)
        {
            Assert.NotNull(onlyETag);
            Dropped.Add(key);
            return default;
        }

        public async IAsyncEnumerable<HeldRow> ListAsync(
            string bucket, string prefix, string after, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
        {
            await ValueTask.CompletedTask;
            foreach (var row in Rows.Where(row => row.Key.StartsWith(prefix, StringComparison.Ordinal) && Utf8Order.Compare(row.Key, after) > 0))
            {
                yield return row;
            }
        }

        public IAsyncEnumerable<string> ListBucketsAsync(CancellationToken cancellationToken) => throw new NotSupportedException();
    }
}
