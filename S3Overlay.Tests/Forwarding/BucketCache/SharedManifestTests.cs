using S3Overlay.Proxy.Forwarding.Stores;
using S3Overlay.Proxy.Forwarding.BucketCache;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Forwarding.BucketCache;

/// <summary>
/// Two proxies write the manifest of one entry, one of them at each instant between two calls of the other. In the end it contains what
/// either has stored or learned, if the store supports If-Match.
/// </summary>
[Trait("Rule", "C1"), Trait("Rule", "S1")]
public sealed class SharedManifestTests : IAsyncLifetime
{
    private const int Chunk = 100;

    private readonly byte[] _bytes = EntryFilling.Bytes(3 * Chunk);
    private readonly ManualTimeProvider _time = new(DateTimeOffset.UtcNow);
    private StoreBench _bench = null!;
    private BucketCacheStore _one = null!;
    private BucketCacheStore _two = null!;

    public async Task InitializeAsync()
    {
        _bench = await StoreBench.StartAsync();
        _bench.Abilities = new StoreCapabilities { Conditions = new() { PutsIfMatch = true, PutsIfNew = true } };
        (_one, _two) = (_bench.Open(time: _time, proxies: 2), _bench.Open(time: _time, proxies: 2));
    }

    public async Task DisposeAsync()
    {
        await _one.DisposeAsync();
        await _two.DisposeAsync();
        await _bench.DisposeAsync();
    }

    /// <summary>
    /// The store has nothing of the entry at that moment. Taking it for evicted would request all of it from the remote again.
    /// </summary>
    [Theory]
    [InlineData(0)]
    [InlineData(Chunk)]
    public async Task One_that_was_begun_and_has_no_byte_yet_is_found_by_its_own_proxy(long chunkSize)
    {
        await using var begun = await _one.CreateAsync("bucket", "begun", EntryFilling.Identity("begun", chunkSize),
            EntryFilling.Info(_bytes), _time.GetUtcNow(), default);
        await using (var found = await _one.FindAsync("bucket", "begun", LookupHint.Bytes(null), default))
        {
            Assert.NotNull(found);
        }

        await begun.WriteAsync(0, _bytes, default);
        await begun.CompleteAsync(default);
        Assert.Equal(_bytes, await _one.ReadAsync("begun"));
    }

    /// <summary>
    /// The rest never arrives. Another proxy's entry is better than nothing, and an eviction of this one would go unnoticed.
    /// </summary>
    [Theory]
    [InlineData(0)]
    [InlineData(Chunk / 2)]
    public async Task One_that_was_left_before_its_first_chunk_does_not_stand_before_anothers(int length)
    {
        await using (var left = await _one.CreateAsync("bucket", "left", EntryFilling.Identity("left", Chunk), EntryFilling.Info(_bytes),
            _time.GetUtcNow(), default))
        {
            await left.WriteAsync(0, _bytes.AsMemory(0, length), default);
        }

        await _one.WhenIdleAsync();
        await _two.BeginFillAsync("left", _bytes, Chunk);
        await UntilWrittenAsync(_two);
        Assert.Equal(_bytes, await _one.ReadAsync("left"));
        await _two.EvictAsync("bucket", "left", null, default);
        await UntilWrittenAsync(_two);
        Assert.Null(await _one.FindAsync("bucket", "left", LookupHint.Info, default));
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task What_both_have_is_in_it(bool oneRenews, bool twoRenews)
    {
        var instants = await StoreSteps.SweepAsync(
            _bench.Server,
            run => ChangeAsync(_one, run, oneRenews, 1),
            run => ChangeAsync(_two, run, twoRenews, 2),
            async run =>
            {
                await SettleAsync(_one);
                await SettleAsync(_two);
                await using var fresh = _bench.Open();
                await using var copy = await fresh.FindAsync("bucket", $"key{run}", LookupHint.Info, default);
                Assert.True(copy is not null, $"The copy is lost in run {run}.");
                var modified = oneRenews || twoRenews ? EntryFilling.Modified.AddDays(1) : EntryFilling.Modified;
                Assert.Equal(modified, copy.Info.LastModified);
                foreach (var chunk in (int[])[0, .. oneRenews ? (int[])[] : [1], .. twoRenews ? (int[])[] : [2]])
                {
                    Assert.True(copy.FirstCached(chunk * Chunk) is { } held
                        && held.First == chunk * Chunk, $"Chunk {chunk} is not held in run {run}.");
                    Assert.Equal(_bytes[(chunk * Chunk)..((chunk + 1) * Chunk)],
                        await copy.ReadAllAsync(new(chunk * Chunk, ((chunk + 1) * Chunk) - 1)));
                }

                var rows = new List<CacheRow>();
                await foreach (var row in fresh.ListAsync("bucket", $"key{run}", "", default))
                {
                    rows.Add(row);
                }

                Assert.Contains(new CacheRow($"key{run}", copy.Info.Size, copy.Info.ETag, modified), rows);
            },
            async run =>
            {
                await using (var copy = await _one.CreateAsync("bucket", $"key{run}", EntryFilling.Identity($"key{run}", Chunk),
                    EntryFilling.Info(_bytes), _time.GetUtcNow(), default))
                {
                    await copy.WriteAsync(0, _bytes.AsMemory(0, Chunk), default);
                }

                await SettleAsync(_one);
                await using var found = await _two.FindAsync("bucket", $"key{run}", LookupHint.Info, default);
                Assert.NotNull(found);
            });
        Assert.True(instants > 6, $"Only {instants} instants.");
    }

    /// <summary>
    /// One proxy requests checksums from the remote and learns nothing else. The other learns a new date from a response that has no
    /// checksums.
    /// </summary>
    [Theory, Trait("Rule", "T1")]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Checksums_that_one_has_learned_are_in_it_beside_what_the_other_has(bool isTheirsFirst)
    {
        var (untold, told) = (EntryFilling.Info(_bytes).WithoutChecksums(), EntryFilling.Info(_bytes));
        var filled = _time.GetUtcNow();
        Func<int, Task> learn = run => RenewAsync(_one, run, filled, told), touch = run =>
            RenewAsync(_two, run, filled.AddMinutes(2), untold with { LastModified = EntryFilling.Modified.AddDays(1) });
        var instants = await StoreSteps.SweepAsync(
            _bench.Server,
            isTheirsFirst ? touch : learn,
            isTheirsFirst ? learn : touch,
            async run =>
            {
                await SettleAsync(_one);
                await SettleAsync(_two);
                await using var fresh = _bench.Open();
                await using var copy = await fresh.FindAsync("bucket", $"key{run}", LookupHint.Info, default);
                Assert.True(copy is { Info.AreChecksumsKnown: true }, $"The checksums are lost in run {run}.");
                Assert.Equal((told.Checksums[0], EntryFilling.Modified.AddDays(1)),
                    (Assert.Single(copy.Info.Checksums), copy.Info.LastModified));
            },
            async run =>
            {
                await using (var copy = await _one.CreateAsync("bucket", $"key{run}", EntryFilling.Identity($"key{run}", Chunk), untold,
                    filled, default))
                {
                    await copy.WriteAsync(0, _bytes.AsMemory(0, Chunk), default);
                }

                await SettleAsync(_one);
                await using var found = await _two.FindAsync("bucket", $"key{run}", LookupHint.Info, default);
                Assert.NotNull(found);
            });
        Assert.True(instants > 6, $"Only {instants} instants.");
    }

    private async Task RenewAsync(BucketCacheStore store, int run, DateTimeOffset validatedAt, ObjectInfo info)
    {
        await store.RenewAsync("bucket", $"key{run}", info.ETag, validatedAt, info, default);
        await SettleAsync(store);
    }

    /// <summary>Brings a chunk, or news of another date, and waits until the store has it.</summary>
    private async Task ChangeAsync(BucketCacheStore store, int run, bool renews, int chunk)
    {
        var key = $"key{run}";
        if (renews)
        {
            var info = EntryFilling.Info(_bytes) with { LastModified = EntryFilling.Modified.AddDays(1) };
            await store.RenewAsync("bucket", key, info.ETag, _time.GetUtcNow().AddMinutes(chunk), info, default);
        }
        else
        {
            await using var copy = await store.FindAsync("bucket", key, LookupHint.Info, default);
            await copy!.WriteAsync(chunk * Chunk, _bytes.AsMemory(chunk * Chunk, Chunk), default);
        }

        await SettleAsync(store);
    }

    private async Task SettleAsync(BucketCacheStore store)
    {
        while (await store.WhenIdleAsync())
        {
            _time.Advance(TimeSpan.FromSeconds(2));
        }
    }

    private async Task UntilWrittenAsync(BucketCacheStore store)
    {
        while (await store.WhenIdleAsync())
        {
            _time.Advance(TimeSpan.FromSeconds(2));
        }
    }
}
