using S3Overlay.Tests.Overlay.Reading;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Forwarding.BucketCache;

/// <summary>The same over an S3 endpoint.</summary>
public sealed class SparseChunkOverStoreTests() : SparseChunkTests("store")
{
    /// <summary>Both have a part of the chunk. A read crosses from one to the other and back.</summary>
    [Fact]
    [Trait("Rule", "R5")]
    public async Task Blocks_come_from_the_store_and_from_the_spool_in_one_response()
    {
        foreach (var block in (int[])[1, 3, 5])
        {
            await ReadAsync($"bytes={block * Block}-{((block + 1) * Block) - 1}");
        }

        await PassAsync();
        Assert.Single(Puts("/k/"));
        await ReadAsync($"bytes={2 * Block}-{(3 * Block) - 1}");
        await ReadAsync($"bytes={4 * Block}-{(5 * Block) - 1}");
        Forget();
        await ReadAsync($"bytes={Block + 7}-{(6 * Block) - 9}");
        Assert.Empty(Gets);
        Assert.Single(Puts("/k/"));
        await PassAsync();
        Assert.Equal(2, Puts("/k/").Count);
        await ReadAsync($"bytes={Block + 7}-{(6 * Block) - 9}");
        Assert.Empty(Gets);
    }

    /// <summary>Short of that, each range would move all blocks of its chunk.</summary>
    [Fact]
    [Trait("Rule", "R5")]
    public async Task A_chunk_is_written_once_in_half_a_minute_however_many_ranges_add_to_it()
    {
        for (var block = 0; block < 10; block++)
        {
            await ReadAsync($"bytes={((block * 3) % 13) * Block}-{((block * 3) % 13) * Block}");
            Scene.Clock.Advance(TimeSpan.FromSeconds(2.4));
            await Scene.Proxy.WhenIdleAsync();
        }

        Assert.Empty(Puts("/k/"));
        await PassAsync();
        Assert.Single(Puts("/k/"));
    }

    [Fact]
    [Trait("Rule", "R5")]
    public async Task A_complete_chunk_does_not_wait_though_the_store_had_a_part_of_it()
    {
        await ReadAsync($"bytes=0-{(8 * Block) - 1}");
        await PassAsync();
        await ReadAsync($"bytes={8 * Block}-{Chunk - 1}");
        Assert.Equal(2, Puts("/k/").Count);
        Assert.Equal([[0, Chunk - 1]], await HeldAsync());
        Forget();
        await ReadAsync($"bytes=0-{Chunk - 1}");
        Assert.Empty(Gets);
    }

    private IReadOnlyList<StoreCall> Puts(string kind) =>
        [.. Scene.Store!.Calls.Where(call => call.Method == "PUT" && call.Path.Contains(kind, StringComparison.Ordinal))];

    /// <summary>Half a minute passes, and what waited for it is done.</summary>
    private async Task PassAsync()
    {
        Scene.Clock.Advance(TimeSpan.FromSeconds(31));
        await Scene.Proxy.WhenIdleAsync();
        Scene.Clock.Advance(TimeSpan.FromSeconds(2));
        await Scene.Proxy.WhenIdleAsync();
    }
}
