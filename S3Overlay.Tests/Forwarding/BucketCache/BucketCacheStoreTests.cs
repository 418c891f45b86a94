using System.Security.Cryptography;

using S3Overlay.Proxy.Forwarding.BucketCache;
using S3Overlay.Proxy.Forwarding.BucketCache.Format;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Forwarding.BucketCache;

/// <summary>What entries on an S3 endpoint cost, and how they are stored there.</summary>
public sealed class BucketCacheStoreTests : IAsyncLifetime
{
    private StoreBench _bench = null!;
    private BucketCacheStore _store = null!;

    public async Task InitializeAsync()
    {
        _bench = await StoreBench.StartAsync();
        _store = _bench.Open();
    }

    public async Task DisposeAsync()
    {
        await _store.DisposeAsync();
        await _bench.DisposeAsync();
    }

    [Fact]
    public async Task A_whole_entry_is_a_row_and_an_object_and_a_warm_read_one_call()
    {
        var bytes = EntryFilling.Bytes(200_000);
        await _store.FillAsync("key", bytes);
        Assert.Equal(["PUT r", "PUT bucket", "PUT r", "PUT c", "GET list"], _bench.Kinds());
        foreach (var range in (string?[])[null, "bytes=0-0", "bytes=65535-65536", "bytes=131072-", "bytes=-1", "bytes=-70000",
            "bytes=-300000", "bytes=199999-300000", "bytes=70000-70001"])
        {
            _bench.Server.ForgetCalls();
            var wanted = RangeHeader.Parse(range)?.Resolve(bytes.Length) ?? new ByteRange(0, bytes.Length - 1);
            Assert.Equal(bytes[(int)wanted.First..(int)(wanted.Last + 1)], await _store.ReadAsync("key", range));
            Assert.Equal(["GET c"], _bench.Kinds());
        }

        _bench.Server.ForgetCalls();
        await using var copy = await _store.FindAsync("bucket", "key", default);
        Assert.Equal(["HEAD c"], _bench.Kinds());
        EntryFilling.AssertSame(EntryFilling.Info(bytes), copy!.Info);
        Assert.Equal(EntryFilling.Identity("key", 0), copy.Identity);
    }

    [Fact]
    public async Task A_miss_costs_one_call()
    {
        Assert.Null(await _store.FindAsync("bucket", "key", LookupHint.Bytes(null), default));
        Assert.Equal(["GET c"], _bench.Kinds());
    }

    [Fact]
    public async Task An_empty_object_is_cached()
    {
        await _store.FillAsync("key", []);
        await using var copy = await _store.FindAsync("bucket", "key", LookupHint.Bytes(null), default);
        Assert.Equal(0, copy!.Info.Size);
    }

    [Fact]
    public async Task An_empty_range_still_shows_the_size()
    {
        await _store.FillAsync("key", EntryFilling.Bytes(10));
        await using var copy = await _store.FindAsync("bucket", "key", LookupHint.Bytes(RangeHeader.Parse("bytes=1000000-")), default);
        Assert.Equal(10, copy!.Info.Size);
    }

    [Fact]
    [Trait("Rule", "F")]
    public async Task A_flipped_byte_anywhere_in_the_object_is_found_before_it_is_sent()
    {
        var bytes = EntryFilling.Bytes(140_000);
        await _store.FillAsync("key", bytes);
        var name = EntryNames.Entry(new ObjectName("bucket", "key"));
        var (body, headers) = await _bench.TakeAsync(name);
        foreach (var at in (int[])[0, 65_535, 65_536, 65_539, 65_540, 139_999, body.Length - 5, body.Length - 1])
        {
            var damaged = body[..];
            damaged[at] ^= 0x10;
            await _bench.PutAsync(name, damaged, headers);
            await using var copy = await _store.FindAsync("bucket", "key", LookupHint.Bytes(null), default);
            var good = await copy!.ReadAllAsync(new ByteRange(0, bytes.Length - 1));
            var block = at / EntryFrames.FrameSize * EntryFrames.BlockSize;
            Assert.Equal(bytes[..block], good);
            Assert.Null(copy!.FirstCached(0));

            // Filled again, it is whole again.
            await copy.WriteAsync(0, bytes, default);
            await copy.CompleteAsync(default);
            await _store.WhenIdleAsync();
            Assert.Equal(bytes, await _store.ReadAsync("key"));
        }
    }

    [Fact]
    [Trait("Rule", "F")]
    public async Task A_block_out_of_place_or_of_another_fill_is_damaged()
    {
        var bytes = new byte[65_536 * 2];
        await _store.FillAsync("key", bytes);
        var name = EntryNames.Entry(new ObjectName("bucket", "key"));
        var (body, headers) = await _bench.TakeAsync(name);
        byte[] swapped = [.. body[EntryFrames.FrameSize..], .. body[..EntryFrames.FrameSize]];
        await _bench.PutAsync(name, swapped, headers);
        Assert.Empty((await _store.ReadAsync("key"))!);
        await _store.FillAsync("other", bytes);
        var (other, _) = await _bench.TakeAsync(EntryNames.Entry(new ObjectName("bucket", "other")));
        await _bench.PutAsync(name, other, headers);
        Assert.Empty((await _store.ReadAsync("key"))!);
    }

    [Fact]
    public async Task An_object_that_is_cut_short_or_of_another_key_is_not_used()
    {
        await _store.FillAsync("key", EntryFilling.Bytes(1000));
        var (body, headers) = await _bench.TakeAsync(EntryNames.Entry(new ObjectName("bucket", "key")));
        await _bench.PutAsync(EntryNames.Entry(new ObjectName("bucket", "other")), body, headers);
        Assert.Null(await _store.FindAsync("bucket", "other", default));
        await _bench.PutAsync(EntryNames.Entry(new ObjectName("bucket", "key")), body[..^1], headers);
        await using var cut = await _store.FindAsync("bucket", "key", LookupHint.Bytes(null), default);
        Assert.Null(cut!.FirstCached(0));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1000)]
    public async Task Metadata_too_long_for_headers_goes_into_a_manifest(int size)
    {
        var bytes = EntryFilling.Bytes(size);
        var info = EntryFilling.Info(bytes) with
        {
            Headers = [.. Enumerable.Range(0, 40)
                .Select(i => KeyValuePair.Create($"x-amz-meta-{i}", Convert.ToBase64String(RandomNumberGenerator.GetBytes(40))))],
        };
        await _store.FillAsync("key", bytes, info);
        await using var fresh = _bench.Open();
        await using var copy = await fresh.FindAsync("bucket", "key", default);
        EntryFilling.AssertSame(info, copy!.Info);
        Assert.Equal(bytes, await fresh.ReadAsync("key"));
        Assert.Equal(size > 0 ? 1 : 0, (await _bench.NamesAsync("k/")).Count);
    }

    [Fact]
    [Trait("Rule", "C1")]
    public async Task A_full_spool_refuses_and_is_free_again_afterwards()
    {
        var spool = _bench.Spool(1500);
        await using var store = _bench.Open(spool);
        var first = await store.CreateAsync("bucket", "a", EntryFilling.Identity("a", 0), EntryFilling.Info(EntryFilling.Bytes(1000)),
            default);
        await Assert.ThrowsAsync<CacheFullException>(async () =>
            await store.CreateAsync("bucket", "b", EntryFilling.Identity("b", 0), EntryFilling.Info(EntryFilling.Bytes(1000)), default));
        Assert.Equal(1, store.SpoolRefusals);
        Assert.Empty(_bench.SpoolFiles);
        await first.DisposeAsync();
        Assert.Equal(0, spool.Used);
        await store.FillAsync("b", EntryFilling.Bytes(1000));
        Assert.Equal(0, spool.Used);
    }

    [Fact]
    [Trait("Rule", "T2")]
    public async Task Rows_are_listed_in_the_order_of_their_keys_in_one_call()
    {
        string[] keys = ["a", "a b", "a!", "a/b", "a0", "aa", "a\uFFFD", "a\U0001F600", "b"];
        foreach (var key in keys)
        {
            await _store.FillAsync(key, EntryFilling.Bytes(10));
        }

        var sorted = keys.Order(S3Overlay.Proxy.Protocol.Listings.Utf8Order.Instance).ToList();
        _bench.Server.ForgetCalls();
        Assert.Equal(sorted, await RowsAsync("", ""));
        Assert.Single(_bench.Server.Calls);
        foreach (var after in sorted)
        {
            Assert.Equal(sorted.SkipWhile(key => key != after).Skip(1), await RowsAsync("", after));
        }

        Assert.Equal(sorted.Where(key => key[0] == 'a'), await RowsAsync("a", ""));
        Assert.Equal(["a/b"], await RowsAsync("a/", ""));
        Assert.Empty(await RowsAsync("b", "b"));
        await foreach (var row in _store.ListAsync("bucket", "b", "", default))
        {
            Assert.Equal(new CacheRow("b", 10, EntryFilling.Info(EntryFilling.Bytes(10)).ETag, EntryFilling.Modified), row);
        }
    }

    [Fact]
    [Trait("Rule", "T2")]
    public async Task Keys_too_long_for_names_are_listed_in_order_too()
    {
        var start = new string('ä', 450);
        string[] keys = [start, start + "b", start + "a", start + "/c", "z"];
        foreach (var key in keys)
        {
            await _store.FillAsync(key, EntryFilling.Bytes(10));
            Assert.Equal(EntryFilling.Bytes(10), await _store.ReadAsync(key));
        }

        Assert.Equal(keys.Order(S3Overlay.Proxy.Protocol.Listings.Utf8Order.Instance), await RowsAsync("", ""));
        Assert.Equal([start + "a", start + "b", ], await RowsAsync(start, start + "/c"));
    }

    [Fact]
    [Trait("Rule", "T2")]
    public async Task A_new_version_replaces_the_row_and_an_eviction_removes_row_and_object()
    {
        var (older, newer) = (EntryFilling.Bytes(10, 1), EntryFilling.Bytes(20, 2));
        await _store.FillAsync("key", older);
        await _store.FillAsync("key", newer);
        Assert.Equal([20L], await SizesAsync());
        await _store.EvictAsync("bucket", "key", EntryFilling.Info(older).ETag, default);
        Assert.Equal(newer, await _store.ReadAsync("key"));
        await _store.EvictAsync("bucket", "key", EntryFilling.Info(newer).ETag, default);
        Assert.Empty(await _bench.NamesAsync(""));
        Assert.Null(await _store.FindAsync("bucket", "key", default));
    }

    /// <summary>A row stays while the entry that it belongs to may still arrive.</summary>
    [Theory]
    [Trait("Rule", "T2")]
    [InlineData(1)]
    [InlineData(1000)]
    public async Task Two_rows_of_one_key_are_both_listed_and_the_wrong_one_can_be_evicted(int length)
    {
        var key = new string('k', length);
        var (right, wrong) = (EntryFilling.Bytes(10), new CacheRow(key, 7, "\"older\"", EntryFilling.Modified));
        var clock = new ManualTimeProvider(DateTimeOffset.UtcNow);
        await using var bench = await StoreBench.StartAsync(clock);
        await using var store = bench.Open(time: clock);
        await store.FillAsync(key, right);
        await bench.PutAsync(EntryNames.RowsOf(new ObjectName("bucket", key)) + EntryNames.RowSuffix(wrong), RowBodies.Of(key), []);
        Assert.Equal([7L, 10L], await SizesAsync());
        await store.EvictAsync("bucket", key, wrong.ETag, default);
        Assert.Equal([7L, 10L], await SizesAsync());

        bench.Server.ForgetCalls();
        await store.EvictAsync("bucket", key, wrong.ETag, default);
        Assert.Equal(["GET list", "HEAD c"], bench.Kinds());

        clock.Advance(TimeSpan.FromMinutes(31));
        await store.EvictAsync("bucket", key, wrong.ETag, default);
        Assert.Equal([10L], await SizesAsync());
        Assert.Equal(right, await store.ReadAsync(key));

        async Task<List<long>> SizesAsync()
        {
            var sizes = new List<long>();
            await foreach (var row in store.ListAsync("bucket", "", "", default))
            {
                Assert.Equal(key, row.Key);
                sizes.Add(row.Size);
            }

            return [.. sizes.Order()];
        }
    }

    [Fact]
    public async Task A_call_that_is_cut_is_made_again()
    {
        var kinds = new HashSet<string>();
        _bench.Server.After = call =>
        {
            lock (kinds)
            {
                return kinds.Add(call.Method + call.Path) ? throw new IOException("cut") : Task.CompletedTask;
            }
        };
        var bytes = EntryFilling.Bytes(100_000);
        await _store.FillAsync("key", bytes);
        Assert.Equal(0, _store.UploadFailures);
        Assert.Equal(bytes, await _store.ReadAsync("key"));
    }

    [Fact]
    [Trait("Rule", "F")]
    public async Task A_read_that_the_store_breaks_off_continues_where_it_was()
    {
        var bytes = EntryFilling.Bytes(200_000);
        await _store.FillAsync("key", bytes);
        await using var copy = await _store.FindAsync("bucket", "key", LookupHint.Bytes(null), default);
        var first = new byte[65_536];
        await using (var reader = copy!.Read(new ByteRange(0, bytes.Length - 1)))
        {
            Assert.Equal(first.Length, await reader.ReadAsync(first, default));
        }

        Assert.Equal(bytes[..65_536], first);
        Assert.Equal(bytes[65_536..], await copy.ReadAllAsync(new ByteRange(65_536, bytes.Length - 1)));
    }

    [Fact]
    public async Task Evicting_an_absent_entry_costs_one_call()
    {
        await _store.EvictAsync("bucket", "key", null, default);
        Assert.Single(_bench.Server.Calls);
    }

    [Fact]
    public async Task An_eviction_counts_as_work_even_if_no_caller_waits_for_it()
    {
        await _store.FillAsync("key", EntryFilling.Bytes(10));
        var goOn = new TaskCompletionSource();
        _bench.Server.Before = _ => goOn.Task;
        var dropping = _store.EvictAsync("bucket", "key", null, default);
        var idle = _store.WhenIdleAsync();
        Assert.False(idle.IsCompleted);
        goOn.SetResult();
        Assert.False(await idle);
        Assert.Empty(await _bench.NamesAsync(""));
        await dropping;
    }

    [Fact]
    public async Task An_entry_evicted_during_its_upload_is_not_found_and_leaves_nothing()
    {
        var putting = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var goOn = new TaskCompletionSource();
        _bench.Server.Before = call =>
        {
            if (call.Method != "PUT" || !call.Path.Contains("/c/", StringComparison.Ordinal))
            {
                return Task.CompletedTask;
            }

            putting.TrySetResult();
            return goOn.Task;
        };
        var filling = _store.FillAsync("key", EntryFilling.Bytes(1000));
        await putting.Task;
        await _store.EvictAsync("bucket", "key", null, default);
        Assert.Null(await _store.FindAsync("bucket", "key", default));
        goOn.SetResult();
        await filling;
        Assert.Empty(await _bench.NamesAsync(""));
    }

    [Fact]
    [Trait("Rule", "F")]
    public async Task A_failing_store_never_fails_the_readers_of_a_fill()
    {
        _bench.Server.Refuse = request => request.Method == "PUT" ? 403 : null;
        var bytes = EntryFilling.Bytes(100_000);
        await using var copy = await _store.CreateAsync("bucket", "key", EntryFilling.Identity("key", 0), EntryFilling.Info(bytes),
            default);
        await copy.WriteAsync(0, bytes, default);
        await copy.CompleteAsync(default);
        await _store.WhenIdleAsync();
        Assert.Equal(1, _store.UploadFailures);
        Assert.Equal(bytes, await copy.ReadAllAsync(new ByteRange(0, bytes.Length - 1)));
        await using var again = await _store.FindAsync("bucket", "key", default);
        Assert.Equal(bytes, await again!.ReadAllAsync(new ByteRange(0, bytes.Length - 1)));
    }

    [Fact]
    public async Task An_unreachable_store_is_an_IOException()
    {
        _bench.Server.Refuse = _ => 403;
        await Assert.ThrowsAsync<IOException>(async () => await _store.FindAsync("bucket", "key", default));
        await Assert.ThrowsAsync<IOException>(async () => await _store.EvictAsync("bucket", "key", null, default));
    }

    private async Task<List<string>> RowsAsync(string prefix, string after)
    {
        var keys = new List<string>();
        await foreach (var row in _store.ListAsync("bucket", prefix, after, default))
        {
            keys.Add(row.Key);
        }

        return keys;
    }

    private async Task<List<long>> SizesAsync()
    {
        var sizes = new List<long>();
        await foreach (var row in _store.ListAsync("bucket", "", "", default))
        {
            sizes.Add(row.Size);
        }

        return sizes;
    }
}
