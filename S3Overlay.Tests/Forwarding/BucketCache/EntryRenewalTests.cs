using S3Overlay.Proxy.Forwarding.BucketCache;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Forwarding.BucketCache;

/// <summary>What the proxy writes to a store once an entry was found current, and what that costs.</summary>
[Trait("Rule", "S1")]
public sealed class EntryRenewalTests : IAsyncLifetime
{
    private static readonly TimeSpan Lag = TimeSpan.FromMinutes(10);

    private readonly byte[] _bytes = EntryFilling.Bytes(250);
    private readonly ManualTimeProvider _time = new(DateTimeOffset.UtcNow);
    private StoreBench _bench = null!;
    private BucketCacheStore _store = null!;
    private DateTimeOffset _filled;

    private ObjectInfo Info => EntryFilling.Info(_bytes);

    /// <summary>The remote's object after its metadata changed.</summary>
    private ObjectInfo Touched =>
        Info with { LastModified = EntryFilling.Modified.AddDays(1), Headers = [new("Content-Type", "text/x-other")] };

    public async Task InitializeAsync()
    {
        _bench = await StoreBench.StartAsync();
        _store = _bench.Open(time: _time);
    }

    public async Task DisposeAsync()
    {
        await _store.DisposeAsync();
        await _bench.DisposeAsync();
    }

    [Fact]
    public async Task An_entry_in_one_object_gets_new_metadata_and_its_bytes_stay()
    {
        await FillAsync(0);
        _bench.Server.ForgetCalls();
        await RenewAsync(Lag);
        Assert.Equal(["HEAD c", "PUT c", "GET list"], _bench.Kinds());
        await AssertFoundByOthersAsync(_filled + Lag, Info);
    }

    [Fact]
    public async Task An_entry_in_chunks_gets_a_new_manifest_and_its_chunks_stay()
    {
        await FillAsync(100);
        _bench.Server.ForgetCalls();
        await RenewAsync(Lag);
        Assert.Equal(["GET c", "PUT c", "GET list"], _bench.Kinds());
        await AssertFoundByOthersAsync(_filled + Lag, Info);
    }

    [Fact]
    public async Task A_manifest_that_is_not_remembered_is_read_and_written()
    {
        await FillAsync(100);
        await _store.DisposeAsync();
        _store = _bench.Open(time: _time);
        _bench.Server.ForgetCalls();
        await RenewAsync(Lag);
        Assert.Equal(["HEAD c", "GET c", "PUT c", "GET list"], _bench.Kinds());
        await AssertFoundByOthersAsync(_filled + Lag, Info);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    public async Task The_store_is_updated_every_ten_minutes_and_this_process_at_once(int chunk)
    {
        await FillAsync(chunk);
        await RenewAsync(TimeSpan.FromMinutes(1));
        _bench.Server.ForgetCalls();
        for (var minute = 2; minute < 10; minute++)
        {
            await RenewAsync(TimeSpan.FromMinutes(minute));
            Assert.Empty(_bench.Server.Calls);
        }

        await AssertFoundAsync(_store, _filled + TimeSpan.FromMinutes(9), Info);
        await AssertFoundByOthersAsync(_filled, Info);
        await RenewAsync(Lag);
        await AssertFoundByOthersAsync(_filled + Lag, Info);
    }

    [Theory]
    [Trait("Rule", "T2")]
    [InlineData(0)]
    [InlineData(100)]
    public async Task Other_metadata_is_kept_at_once_and_listed_by_its_date(int chunk)
    {
        await FillAsync(chunk);
        await RenewAsync(TimeSpan.FromSeconds(1), Touched);
        await AssertFoundAsync(_store, _filled + TimeSpan.FromSeconds(1), Touched);
        await AssertFoundByOthersAsync(_filled + TimeSpan.FromSeconds(1), Touched);
        await using var other = _bench.Open();
        foreach (var store in (BucketCacheStore[])[_store, other])
        {
            Assert.Equal([new CacheRow("key", 250, Info.ETag, Touched.LastModified)], await RowsAsync(store));
        }

        _bench.Server.ForgetCalls();
        await RenewAsync(TimeSpan.FromSeconds(2), Touched);
        Assert.DoesNotContain("PUT c", _bench.Kinds());
    }

    /// <summary>The store responds before the renewal is written, and the response arrives after it.</summary>
    [Theory]
    [Trait("Rule", "T2")]
    [InlineData(0)]
    [InlineData(100)]
    public async Task A_lookup_from_before_the_update_still_sees_it(int chunk)
    {
        await FillAsync(chunk);
        await _store.DisposeAsync();
        _store = _bench.Open(time: _time);
        var (answered, goesOn) = (new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), new TaskCompletionSource());
        _bench.Server.After = call => call.Method == "GET" && call.Query.Length == 0 && answered.TrySetResult() ? goesOn.Task
            : Task.CompletedTask;
        var finding = _store.FindAsync("bucket", "key", LookupHint.Bytes(null), default).AsTask();
        await answered.Task.WaitAsync(Patience.Limit);
        await RenewAsync(TimeSpan.FromSeconds(1), Touched);
        await AssertFoundByOthersAsync(_filled + TimeSpan.FromSeconds(1), Touched);
        goesOn.SetResult();

        await using (var copy = await finding)
        {
            Assert.Equal(_filled + TimeSpan.FromSeconds(1), copy!.ValidatedAt);
            EntryFilling.AssertSame(Touched, copy.Info);
        }

        await AssertFoundAsync(_store, _filled + TimeSpan.FromSeconds(1), Touched);
    }

    /// <summary>What was learned of an evicted entry does not apply to the next one, even if that has the same bytes.</summary>
    [Theory]
    [Trait("Rule", "T2")]
    [InlineData(0, true)]
    [InlineData(100, true)]
    [InlineData(0, false)]
    [InlineData(100, false)]
    public async Task What_was_learned_of_an_entry_does_not_return_on_the_next_one(int chunk, bool isTold)
    {
        await FillAsync(chunk);
        _bench.Server.Fail = request => !isTold && request.Method == "PUT" ? (400, "InvalidRequest") : null;
        await RenewAsync(Lag, isTold ? null : Info with { LastModified = EntryFilling.Modified.AddHours(1) });
        _bench.Server.Fail = null;
        await _store.EvictAsync("bucket", "key", null, default);
        await SettleAsync();
        await FillAsync(chunk, Touched, Lag + Lag);
        await RenewAsync(Lag);
        await AssertFoundAsync(_store, _filled + Lag, Touched);
        await AssertFoundByOthersAsync(_filled + Lag, Touched);
    }

    /// <summary>Nor does it replace what another proxy has learned since.</summary>
    [Theory]
    [Trait("Rule", "T2")]
    [InlineData(0)]
    [InlineData(100)]
    public async Task What_was_learned_does_not_come_back_over_what_another_proxy_learned_since(int chunk)
    {
        await FillAsync(chunk);
        await _store.DisposeAsync();
        _store = _bench.Open(time: _time, proxies: 2);
        await RenewAsync(Lag);
        await using (var other = _bench.Open(time: _time, proxies: 2))
        {
            await other.RenewAsync("bucket", "key", Info.ETag, _filled + Lag + Lag, Touched, default);
            while (await other.WhenIdleAsync())
            {
                _time.Advance(TimeSpan.FromSeconds(2));
            }
        }

        await AssertFoundAsync(_store, _filled + Lag + Lag, Touched);
        await RenewAsync(3 * Lag);
        await AssertFoundAsync(_store, _filled + (3 * Lag), Touched);
        await AssertFoundByOthersAsync(_filled + (3 * Lag), Touched);
    }

    /// <summary>
    /// Between any two store calls of a fill: a row with the new date must be written first, otherwise the entry would be
    /// taken for an evicted one.
    /// </summary>
    [Theory]
    [Trait("Rule", "T2")]
    [InlineData(0)]
    [InlineData(100)]
    public async Task Another_date_that_is_learned_during_an_upload_loses_nothing(int chunk)
    {
        var now = DateTimeOffset.UtcNow;
        var instants = await StoreSteps.SweepAsync(_bench.Server, FillAsync, LearnAsync, CheckAsync);
        Assert.True(instants > (chunk == 0 ? 6 : 10), $"{instants} instants");

        async Task FillAsync(int run)
        {
            await _store.BeginFillAsync($"key{run}", _bytes, chunk);
            await SettleAsync();
        }

        Task LearnAsync(int run) => _store.RenewAsync("bucket", $"key{run}", Info.ETag, now.AddMinutes(1), Touched, default).AsTask();

        async Task CheckAsync(int run)
        {
            await SettleAsync();
            await using var other = _bench.Open();
            await using var copy = await other.FindAsync("bucket", $"key{run}", LookupHint.Info, default);
            Assert.Equal(Touched.LastModified, copy?.Info.LastModified);
            Assert.Equal([new CacheRow($"key{run}", 250, Info.ETag, Touched.LastModified)],
                (await RowsAsync(other)).Where(row => row.Key == $"key{run}"));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    public async Task More_metadata_than_there_is_room_for_takes_another_form(int chunk)
    {
        await FillAsync(chunk);
        var longer = Touched with
            { Headers = [.. Enumerable.Range(0, 40).Select(i => KeyValuePair.Create($"x-amz-meta-{i}", Guid.NewGuid().ToString()))] };
        await RenewAsync(TimeSpan.FromSeconds(1), longer);
        await using var other = _bench.Open();
        await using var copy = await other.FindAsync("bucket", "key", LookupHint.Info, default);
        if (chunk == 0)
        {
            Assert.Null(copy);
            Assert.Empty(await RowsAsync(other));
        }
        else
        {
            Assert.Equal(longer.Headers, copy!.Info.Headers);
        }
    }

    /// <summary>An entry is worth more than the checksums that do not fit.</summary>
    [Fact]
    [Trait("Rule", "T1")]
    public async Task Checksums_without_room_are_dropped_and_the_entry_stays()
    {
        var random = new Random(1);
        var almost = Info.WithoutChecksums() with { Headers = [new("x-amz-meta-a", Convert.ToHexString(EntryFilling.Bytes(470, 5)))] };
        await FillAsync(0, almost);
        var learned =
            almost.OrChecksumsOf(
            Info with
            { Checksums = [.. Enumerable.Range(0, 40).Select(_ => new BodyChecksum(ChecksumAlgorithm.Sha256, RandomText(random)))] });
        await RenewAsync(TimeSpan.Zero, learned);
        await AssertFoundByOthersAsync(_filled, learned with { Checksums = [], ChecksumType = null });
        await AssertFoundAsync(_store, _filled, learned with { Checksums = [], ChecksumType = null });
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    [Trait("Rule", "C3")]
    public async Task An_entry_that_is_gone_or_of_another_version_stays_as_it_is(int chunk)
    {
        await FillAsync(chunk);
        await _store.RenewAsync("bucket", "key", "\"another\"", _filled + Lag, Touched, default);
        await _store.WhenIdleAsync();
        await AssertFoundByOthersAsync(_filled, Info);
        await _store.EvictAsync("bucket", "key", null, default);
        await _store.WhenIdleAsync();
        await RenewAsync(Lag, Touched);
        Assert.Null(await _store.FindAsync("bucket", "key", default));
        Assert.Empty(await _bench.NamesAsync("c/"));
        Assert.Empty(await _bench.NamesAsync("r/"));
    }

    [Fact]
    [Trait("Rule", "F")]
    public async Task A_store_that_cannot_copy_onto_an_object_leaves_it_as_it_is_and_this_process_still_knows()
    {
        await FillAsync(0);
        _bench.Server.Fail = request => request.Headers.ContainsKey("x-amz-copy-source") ? (400, "InvalidRequest") : null;
        await RenewAsync(Lag);
        await AssertFoundAsync(_store, _filled + Lag, Info);
        await AssertFoundByOthersAsync(_filled, Info);
    }

    private static string RandomText(Random random)
    {
        var bytes = new byte[32];
        random.NextBytes(bytes);
        return Convert.ToBase64String(bytes);
    }

    private async Task FillAsync(int chunk, ObjectInfo? info = null, TimeSpan later = default)
    {
        _filled = DateTimeOffset.UtcNow + later;
        await using (
            var copy = await _store.CreateAsync("bucket", "key", EntryFilling.Identity("key", chunk), info ?? Info, _filled, default))
        {
            await copy.WriteAsync(0, _bytes, default);
            await copy.CompleteAsync(default);
        }

        // Manifests are written at most every two seconds.
        await SettleAsync();
    }

    private async Task RenewAsync(TimeSpan after, ObjectInfo? info = null)
    {
        await _store.RenewAsync("bucket", "key", Info.ETag, _filled + after, info, default);
        await SettleAsync();
    }

    private async Task SettleAsync()
    {
        while (await _store.WhenIdleAsync())
        {
            _time.Advance(TimeSpan.FromSeconds(2));
        }
    }

    private async Task AssertFoundByOthersAsync(DateTimeOffset validatedAt, ObjectInfo info)
    {
        await using var other = _bench.Open();
        await AssertFoundAsync(other, validatedAt, info);
    }

    private async Task AssertFoundAsync(BucketCacheStore store, DateTimeOffset validatedAt, ObjectInfo info)
    {
        await using (var copy = await store.FindAsync("bucket", "key", LookupHint.Info, default))
        {
            Assert.Equal(validatedAt, copy!.ValidatedAt);
            EntryFilling.AssertSame(info, copy.Info);
        }

        Assert.Equal(_bytes, await store.ReadAsync("key"));
    }

    private static async Task<List<CacheRow>> RowsAsync(BucketCacheStore store)
    {
        var rows = new List<CacheRow>();
        await foreach (var row in store.ListAsync("bucket", "", "", default))
        {
            rows.Add(row);
        }

        return rows;
    }
}
