using System.Text.Json;

using S3Overlay.Proxy.Administration.Commands;

namespace S3Overlay.Tests.Administration.Caching;

/// <summary>The cached chunks of an object, as ranges and as a bar.</summary>
public sealed class ChunkBarTests
{
    [Theory]
    [InlineData("[.]", 10, 10)]
    [InlineData("[#]", 10, 10, 0, 9)]
    [InlineData("[+]", 10, 10, 3, 3)]
    [InlineData("[#.#]", 25, 10, 0, 9, 20, 24)]
    [InlineData("[#++]", 25, 10, 0, 12, 21, 24)]
    [InlineData("[++]", 20, 10, 0, 2, 5, 15)]
    public void Each_chunk_is_a_cell(string bar, long size, long chunk, params int[] runs) =>
        Assert.Equal(bar, ChunkBar.Of([.. runs.Chunk(2).Select(static run => (long[])[run[0], run[1]])], size, chunk));

    [Fact]
    public void A_large_object_has_several_chunks_in_a_cell()
    {
        var bar = ChunkBar.Of([[0, 99], [105, 109], [590, 599]], 600, 1);
        Assert.Equal("[##########+" + new string('.', 48) + "#]", bar);
        Assert.Equal(62, ChunkBar.Of([], 1L << 50, 1 << 16).Length);
        Assert.Equal("[" + new string('#', 60) + "]", ChunkBar.Of([[0, (1L << 50) - 1]], 1L << 50, 1 << 16));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_explanation_has_the_ranges(bool onStore)
    {
        await using var scene = await CacheScene.StartAsync(onStore);
        scene.Put(5 * CacheScene.Chunk, "large");
        await scene.ReadRangeAsync("large", "bytes=0-9");
        await scene.ReadRangeAsync("large", $"bytes=-{CacheScene.Chunk + 1}");
        var response = await scene.Proxy.SendAsync("GET", "/-/v1/explain?bucket=photos&key=large");
        var start = (4 * CacheScene.Chunk) - (64 << 10);
        Assert.Equal(FormattableString.Invariant($"[[0,65535],[{start},{(5 * CacheScene.Chunk) - 1}]]"),
            JsonDocument.Parse(response.Text).RootElement.GetProperty("held").GetProperty("runs").GetRawText());
        var output = (await scene.RunAsync("explain", "photos/large")).Output;
        Assert.Contains("[+..+#]", output, StringComparison.Ordinal);
    }
}
