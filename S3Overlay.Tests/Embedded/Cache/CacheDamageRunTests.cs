using S3Overlay.Proxy.Embedded.Cache;
using S3Overlay.Tests.Overlay.Reading;
using S3Overlay.Tests.Support;
using S3Overlay.Tests.Support.Skipping;

using Xunit.Abstractions;

namespace S3Overlay.Tests.Embedded.Cache;

/// <summary>
/// One bit of any file of the cache's folder is wrong, or its end is gone, after a clean or an unclean stop. Clients get the remote's
/// bytes, listings go on, and the next start is no different (table F).
/// </summary>
[Trait("Rule", "F")]
public sealed class CacheDamageRunTests(ITestOutputHelper output) : ReaderTestBase
{
    private const int Cases = 200;
    private const int QuickCases = 12;

    private readonly Dictionary<string, byte[]> _objects = [];

    [Fact]
    public async Task Damage_is_never_served_and_never_stops_the_cache()
    {
        var seed = Environment.TickCount;
        output.WriteLine($"Seed {seed}.");
        var random = new Random(seed);
        Settings = Settings with { ChunkThreshold = 100_000, ChunkSize = 70_000 };
        for (var i = 0; i < 12; i++)
        {
            await AddAsync($"key{i:d2}", Bytes(i < 10 ? i * 997 : 200_000, i));
        }

        await ((DiskCacheStore)Store).SaveAsync();
        CrashedFolder.Copy(Folder["cache"], Folder["killed"]);
        await ReopenAsync(() => CrashedFolder.Copy(Folder["cache"], Folder["closed"]));
        for (var number = 0; number < (FullRunAttribute.IsOn ? Cases : QuickCases); number++)
        {
            var what = $"Seed {seed}, case {number}";
            try
            {
                await ReopenAsync(() => what += ": " + Prepare(number, random));
                await SeeAsync();
                await ((DiskCacheStore)Store).Cleaning;
                await AddAsync("new", Bytes(500, number));
                await SeeAsync();
                await ReopenAsync();
                await SeeAsync();
            }
            catch (Exception failure)
            {
                throw new InvalidOperationException(what, failure);
            }
        }
    }

    /// <summary>Puts the folder back as it was, and damages one of its files.</summary>
    private string Prepare(int number, Random random)
    {
        Directory.Delete(Folder["cache"], recursive: true);
        var from = number % 2 == 0 ? "closed" : "killed";
        CrashedFolder.Copy(Folder[from], Folder["cache"]);
        var kinds = Directory.GetFiles(Folder["cache"], "*", SearchOption.AllDirectories)
            .Where(static path => new FileInfo(path).Length > 0).Order(StringComparer.Ordinal)
            .GroupBy(static path => path.EndsWith(".held", StringComparison.Ordinal) ? "entry" : Path.GetFileName(path)).ToList();
        var kind = kinds[number / 2 % kinds.Count].ToList();
        return $"{from}, {kinds[number / 2 % kinds.Count].Key}, {DamageRunTests.Damage(kind[random.Next(kind.Count)], random)}";
    }

    private async Task AddAsync(string key, byte[] bytes)
    {
        Remote.Put(key, bytes);
        _objects[key] = bytes;
        await Store.EvictAsync(Bucket, key, null, default);
        await ReadAsync(key);
        await QuietAsync();
    }

    private async Task SeeAsync()
    {
        foreach (var (key, bytes) in _objects)
        {
            var response = await ReadAsync(key);
            Assert.Equal((200, false), (response.Status, response.IsAborted));
            Assert.True(bytes.AsSpan().SequenceEqual(response.Bytes), $"{key} has other bytes.");
        }

        await QuietAsync();
        await foreach (var row in Store.ListAsync(Bucket, "", "", default))
        {
            Assert.Equal(_objects[row.Key].Length, row.Size);
        }
    }
}
