using System.Security.Cryptography;

using S3Overlay.Proxy.Overlay.Reading;
using S3Overlay.Tests.Overlay.Reading;
using S3Overlay.Tests.Support;
using S3Overlay.Tests.Support.Skipping;

namespace S3Overlay.Tests.Forwarding.BucketCache;

/// <summary>Many readers of one fill into an S3 endpoint. Runs alone, because it measures the memory of the process.</summary>
[Collection(AloneInProcess.Name)]
public sealed class ManyReadersMemoryTests : ReaderTestBase
{
    [Theory]
    [Trait("Rule", "C1")]
    [InlineData(100 << 20)]
    [InlineData(0)]
    [QuickRows(1)]
    public async Task Sixty_four_readers_of_a_large_cold_object_cost_its_bytes_once_and_little_memory(long threshold)
    {
        Settings = Settings with { ChunkThreshold = threshold, ChunkSize = 8 << 20 };
        var bytes = Bytes(64 << 20);
        Remote.Put("key", bytes);
        var hash = SHA256.HashData(bytes);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var most = 0L;
        var responses = Enumerable.Range(0, 64).Select(_ => new HashedResponse(() => most = Math.Max(most, GC.GetTotalMemory(false))))
            .ToList();
        await Task.WhenAll(
            responses.Select(response => Task.Run(() => Reader.ReadAsync(Request("key"), response, Remote.Bucket, default))));
        Assert.All(responses, response => Assert.Equal(hash, response.Hash));
        Assert.Equal(bytes.Length, Remote.Bytes);

        // Each reader holding the object, or a chunk of it, would be half a gigabyte and more.
        Assert.InRange(most - before, long.MinValue, 400L << 20);
    }

    protected override async Task<ICachePlace> StartPlaceAsync() => await StoreBench.StartAsync();
}
