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
