using S3Overlay.Proxy.Embedded.Rows;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Tests.Embedded.Memory;

/// <summary>Rows in memory count as what they take.</summary>
public sealed class RowCacheTests
{
    [Theory]
    [InlineData(0, 10)]
    [InlineData(1000, 1)]
    public async Task Rows_with_much_metadata_take_the_place_of_several(int metadata, int kept)
    {
        var rows = new RowCache<ObjectRow>(10, static row => row.MetadataWeight);
        var loads = 0;
        for (var round = 0; round < 2; round++)
        {
            for (var key = 9; key >= 0; key--)
            {
                await rows.FindAsync("b", new string((char)('a' + key), 63), metadata, (_, _, _) =>
                {
                    loads++;
                    return new(Row(metadata));
                });
            }
        }

        Assert.InRange(20 - loads, kept - 1, kept);
    }

    /// <summary>A change is visible in listings before it is remembered. Who has seen it there must find it.</summary>
    [Fact]
    public async Task A_key_that_changes_is_looked_up_each_time_until_the_change_is_remembered()
    {
        var rows = new RowCache<string?>(10, static _ => 0);
        string? there = null;
        Task<string?> Find() => rows.FindAsync("b", "key", 0, (_, _, _) => new ValueTask<string?>(there)).AsTask();
        Assert.Null(await Find());
        rows.Begin("b", "key");
        Assert.Null(await Find());
        there = "new";
        Assert.Equal("new", await Find());
        there = "not looked up";
        rows.Set("b", "key", "new");
        Assert.Equal("new", await Find());
        rows.Begin("b", "key");
        rows.Begin("b", "key");
        rows.Forget("b", "key");
        Assert.Equal("not looked up", await Find());
        there = null;
        Assert.Equal("not looked up", await Find());
        rows.Clear();
        Assert.Null(await Find());
    }

    private static ObjectRow Row(int metadata) => new()
    {
        File = default,
        Sequence = 1,
        Tags = new string('t', metadata / 2),
        Info = new ObjectInfo
        {
            Size = 1, ETag = "\"v\"", LastModified = DateTimeOffset.UnixEpoch,
            Headers = [new("x-amz-meta-a", new string('x', metadata / 2))],
        },
    };
}
