using S3Overlay.Proxy.Forwarding.BucketCache;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Forwarding.BucketCache;

/// <summary>
/// Each action on an entry is interrupted by each other one, in this proxy or in another, between any two of its store calls. The bytes
/// found afterwards belong to one version and are listed. Evicted entries are not found, and the others stay.
/// </summary>
public sealed class SweptPairsTests : IAsyncLifetime
{
    private const int Chunk = 100;

    private static readonly byte[] Older = EntryFilling.Bytes(300, 1);
    private static readonly byte[] Newer = EntryFilling.Bytes(250, 2);

    private static readonly Dictionary<string, Func<BucketCacheStore, string, int, Task>> Steps = new()
    {
        ["fill"] = static (store, key, chunk) => store.BeginFillAsync(key, Newer, chunk),
        ["fill again"] = static (store, key, chunk) => store.BeginFillAsync(key, Older, chunk),
        ["add"] = AddAsync,
        ["renew"] = static (store, key, _) =>
            store.RenewAsync("bucket", key, EntryFilling.Info(Older).ETag, DateTimeOffset.UtcNow,
                EntryFilling.Info(Older) with { LastModified = EntryFilling.Modified.AddDays(1) }, default).AsTask(),
        ["drop"] = static (store, key, _) => store.EvictAsync("bucket", key, null, default).AsTask(),
        ["drop the older"] = static (store, key, _) => store.EvictAsync("bucket", key, EntryFilling.Info(Older).ETag, default).AsTask(),
    };

    private readonly ManualTimeProvider _time = new(DateTimeOffset.UtcNow);
    private StoreBench _bench = null!;
    private int _keys;

    public static TheoryData<string, int, bool> Cases()
    {
        var cases = new TheoryData<string, int, bool>();
        foreach (var step in Steps.Keys)
        {
            foreach (var chunk in (int[])[0, Chunk])
            {
                cases.Add(step, chunk, false);
                cases.Add(step, chunk, true);
            }
        }

        return cases;
    }

    public async Task InitializeAsync() => _bench = await StoreBench.StartAsync();

    public async Task DisposeAsync() => await _bench.DisposeAsync();

    [Theory, MemberData(nameof(Cases))]
    [Trait("Rule", "C3"), Trait("Rule", "R7"), Trait("Rule", "T2")]
    public async Task Nothing_wrong_is_left_by_two_things_at_once(string first, int chunk, bool byAnother)
    {
        await using var store = _bench.Open(time: _time, proxies: byAnother ? 2 : 1);
        await using var another = _bench.Open(time: _time, proxies: byAnother ? 2 : 1);
        foreach (var (second, run) in Steps)
        {
            var (start, meanwhile) = (_keys, Task.CompletedTask);
            var instants = await StoreSteps.SweepAsync(_bench.Server, FirstAsync, SecondAsync, CheckAsync, PrepareAsync);
            _keys = start + instants;
            Assert.True(instants > 2, $"{first}, {second}: {instants} instants");

            string Key(int run) => $"key{start + run}";

            async Task PrepareAsync(int run)
            {
                var key = Key(run);
                await using (var copy = await store.CreateAsync("bucket", key, EntryFilling.Identity(key, chunk), EntryFilling.Info(Older),
                    DateTimeOffset.UtcNow.AddHours(-1), default))
                {
                    await copy.WriteAsync(0, Older.AsMemory(0, chunk == 0 ? Older.Length : chunk), default);
                    await copy.CompleteAsync(default);
                }

                await SettleAsync();
            }

            async Task FirstAsync(int run)
            {
                await Steps[first](store, Key(run), chunk);
                await SettleAsync();
            }

            // Another proxy does all of it between two calls. In the same proxy, the second action may wait for the interrupted call, so
            // that call continues as soon as the second action has begun.
            Task SecondAsync(int run)
            {
                meanwhile = Steps[second](byAnother ? another : store, Key(run), chunk);
                return byAnother ? FinishAsync() : Task.CompletedTask;
            }

            async Task FinishAsync()
            {
                await meanwhile;
                await another.WhenIdleAsync();
            }

            async Task CheckAsync(int run)
            {
                await meanwhile;
                await SettleAsync();
                var when = $"{first}, {second}, run {run}";
                var found = await CheckFoundAsync(Key(run), when);
                var isOld = found == EntryFilling.Info(Older).ETag;
                Assert.False(isOld && IsEvicted(first, second, byAnother), $"It was evicted: {when}.");
                Assert.True(isOld || !IsKept(first, second, byAnother), $"It was lost: {when}, found {found}.");
                await store.EvictAsync("bucket", Key(run), null, default);
                await SettleAsync();
                foreach (var any in (BucketCacheStore[])[store, another])
                {
                    Assert.True(await any.FindAsync("bucket", Key(run), LookupHint.Info, default) is null,
                        $"It is found when all has been dropped: {when}.");
                }
            }
        }

        async Task SettleAsync()
        {
            while (await store.WhenIdleAsync() | await another.WhenIdleAsync())
            {
                _time.Advance(TimeSpan.FromSeconds(2));
            }
        }
    }

    /// <summary>
    /// Whether the older version is gone. An eviction during a fill takes the filled bytes along, except those that another proxy fills
    /// again.
    /// </summary>
    private static bool IsEvicted(string first, string second, bool byAnother) =>
        second.StartsWith("drop", StringComparison.Ordinal) && !(byAnother && first == "fill again");

    /// <summary>
    /// Whether the older version stays: learning about it must not evict it. If two proxies write its manifest at once, one may
    /// take it for evicted.
    /// </summary>
    private static bool IsKept(string first, string second, bool byAnother) =>
        !byAnother && first is ("add" or "renew" or "fill again") && second is ("add" or "renew");

    private static async Task AddAsync(BucketCacheStore store, string key, int chunk)
    {
        await using var copy = await store.FindAsync("bucket", key, LookupHint.Info, default);
        if (copy is not null && copy.Info.Size == Older.Length)
        {
            await copy.WriteAsync(Chunk, Older.AsMemory(Chunk), default);
        }
    }

    /// <summary>A proxy without any memory finds the bytes of one version, as far as they are cached, and a row.</summary>
    /// <returns>The version's ETag; null where nothing is found.</returns>
    private async Task<string?> CheckFoundAsync(string key, string when)
    {
        await using var fresh = _bench.Open();
        await using var copy = await fresh.FindAsync("bucket", key, LookupHint.Bytes(null), default);
        if (copy is null)
        {
            return null;
        }

        var rows = new List<CacheRow>();
        await foreach (var row in fresh.ListAsync("bucket", key, "", default))
        {
            rows.Add(row);
        }

        Assert.True(rows.Contains(new CacheRow(key, copy.Info.Size, copy.Info.ETag, copy.Info.LastModified)),
            $"No row lists the copy: {when}.");
        var expected = copy.Info.Size == Older.Length ? Older : Newer;
        for (long position = 0; copy.FirstCached(position) is { } held; position = held.Last + 1)
        {
            var read = await copy.ReadAllAsync(held);
            Assert.Equal(expected[(int)held.First..(int)(held.First + read.Length)], read);
        }

        return copy.Info.ETag;
    }
}
