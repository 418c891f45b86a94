using S3Overlay.Proxy.Embedded.Files;

namespace S3Overlay.Proxy.Embedded.Objects;

/// <summary>Where the parts of a file lie: preamble, room for the header, block table, data.</summary>
/// <param name="HeaderRoom">Bytes set aside for the header.</param>
/// <param name="TableOffset">Where the block table starts.</param>
/// <param name="DataOffset">Where the data starts.</param>
internal readonly record struct FileLayout(int HeaderRoom, long TableOffset, long DataOffset)
{
    /// <summary>Larger files have their data on a page's edge, so that blocks are whole pages; small ones are kept small.</summary>
    private const int Page = 4096;

    /// <summary>The layout for a header and data of these lengths.</summary>
    public static FileLayout For(int headerRoom, long dataLength)
    {
        var table = Align(FilePreamble.Size + headerRoom, 8);
        var end = table + BlockChecksums.TableLengthOf(dataLength);
        return new FileLayout(headerRoom, table, Align(end, dataLength >= BlockChecksums.BlockSize ? Page : 8));
    }

    private static long Align(long offset, int to) => (offset + to - 1) / to * to;
}
