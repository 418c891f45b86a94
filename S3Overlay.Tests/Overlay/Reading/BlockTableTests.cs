using S3Overlay.Proxy.Overlay.Cache.Blocks;
using S3Overlay.Proxy.Protocol.Bodies;

namespace S3Overlay.Tests.Overlay.Reading;

/// <summary>Which bytes of a block are stored (rule R7).</summary>
[Trait("Rule", "R7")]
public sealed class BlockTableTests
{
    [Theory]
    [InlineData(0, 50)]
    [InlineData(0, 20)]
    [InlineData(30, 50)]
    [InlineData(10, 30)]
    public void Bytes_that_two_writers_store_count_once(int from, int length)
    {
        var bytes = Enumerable.Range(0, 100).Select(static at => (byte)at).ToArray();
        var table = new BlockTable(new BlockGeometry(100, 0), new uint[1]);
        Assert.Null(table.Add(0, bytes.AsSpan(0, 50)));
        Assert.Null(table.Add(from, bytes.AsSpan(from, length)));
        Assert.Equal(0u, table[0]);
        var pieces = table.Add(50, bytes.AsSpan(50, 50));
        Assert.Equal(Crc32C.Compute(bytes), Assert.Single(pieces!).Checksum);
        table.Complete(0, BlockTable.Entry(pieces![0].Checksum));

        // Nor does what comes after the block is whole.
        Assert.Null(table.Add(0, bytes));
        Assert.Null(table.PieceAt(0));
    }

    /// <summary>A damaged block is forgotten while another is written: what is missing now is not passed over as cached.</summary>
    [Fact]
    public async Task What_is_forgotten_meanwhile_is_missing()
    {
        const int Block = BlockGeometry.BlockSize;
        var table = new BlockTable(new BlockGeometry(3 * Block, 0), new uint[3]);
        table.Complete(2, 1);
        var isOver = false;
        var begun = new TaskCompletionSource();
        var toggling = Task.Run(() =>
        {
            while (!Volatile.Read(ref isOver))
            {
                table.Complete(0, 1);
                table.Forget(0);
                begun.TrySetResult();
            }
        });
        await begun.Task;
        try
        {
            for (var look = 0; look < 1_000_000; look++)
            {
                var (length, isMissing) = table.Stretch(0, 3 * Block);
                Assert.Equal(isMissing ? 2 * Block : Block, length);
            }
        }
        finally
        {
            Volatile.Write(ref isOver, true);
            await toggling;
        }
    }
}
