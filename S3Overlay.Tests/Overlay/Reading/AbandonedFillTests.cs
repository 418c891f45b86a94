using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Reading;

/// <summary>A fill whose readers have left ends with the chunks that it began (rule C2).</summary>
[Trait("Rule", "C2")]
public sealed class AbandonedFillTests : ReaderTestBase
{
    private const int Block = 64 * 1024;
    private const int Chunk = 16 * Block;

    [Fact]
    public async Task A_chunk_of_which_nothing_was_requested_is_not_begun()
    {
        Settings = Settings with { ChunkThreshold = 0, ChunkSize = Chunk, ReadAheadBytes = 0 };
        Remote.Put("key", Bytes(4 * Chunk));
        await ReadAsync("key", $"bytes={15 * Block}-{(16 * Block) - 1}");
        await QuietAsync();

        // Two blocks of the first chunk are missing, and what is wanted of the second one.
        var goOn = new TaskCompletionSource();
        Remote.OnByte = (_, token) => goOn.Task.WaitAsync(token);
        using var left = new CancellationTokenSource();
        var reading = ReadAsync("key", $"bytes={13 * Block}-{(26 * Block) - 1}", left.Token);
        await Remote.UntilAsync(() => Remote.Gets.Count == 2, "The first missing blocks are not requested.");
        await left.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
        goOn.SetResult();
        await QuietAsync();
        Assert.Equal([$"bytes={15 * Block}-{(16 * Block) - 1}", $"bytes={13 * Block}-{(15 * Block) - 1}"],
            Remote.Gets.Select(static read => read.Range));
        Assert.Equal("HIT", (await ReadAsync("key", $"bytes={13 * Block}-{(16 * Block) - 1}")).Headers["x-cache"].ToString());
    }
}
