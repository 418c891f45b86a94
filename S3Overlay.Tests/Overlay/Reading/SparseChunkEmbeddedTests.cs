using S3Overlay.Proxy.Embedded.Cache;

namespace S3Overlay.Tests.Overlay.Reading;

/// <summary>The same in the built-in store.</summary>
public sealed class SparseChunkEmbeddedTests() : SparseChunkTests("embedded")
{
    [Fact]
    [Trait("Rule", "F")]
    public async Task A_damaged_block_is_brought_again_alone()
    {
        await ReadAsync($"bytes=0-{(10 * Block) - 1}");
        var file = Assert.Single(Directory.GetFiles(Scene.Proxy.Folder["data"], "*.held", SearchOption.AllDirectories));
        await using (var stream = File.Open(file, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            var start = stream.Length - Size;
            stream.Position = start + (3 * Block) + 77;
            stream.WriteByte((byte)(Bytes[(3 * Block) + 77] ^ 1));
        }

        Forget();
        await ReadAsync($"bytes=0-{(10 * Block) - 1}");
        Assert.Equal([$"bytes={3 * Block}-{(4 * Block) - 1}"], Gets);
    }

    [Fact]
    [Trait("Rule", "E1")]
    public async Task Blocks_count_as_what_they_are()
    {
        await ReadAsync("bytes=0-0");
        await ReadAsync("bytes=2000000-2000000");
        await ReadAsync("bytes=-1");
        Assert.Equal((2 * Block) + 5, ((DiskCacheStore)Scene.Proxy.Services.Local.Cache!).Bytes);
    }
}
