using S3Overlay.Proxy.Embedded.Files;

namespace S3Overlay.Proxy.Embedded.Objects;

/// <summary>The layout of a file: preamble, room for the header, block table, data.</summary>
/// <param name="HeaderRoom">Bytes reserved for the header.</param>
/// <param name="TableOffset">Start of the block table.</param>
/// <param name="DataOffset">Start of the data.</param>
internal readonly record struct FileLayout(int HeaderRoom, long TableOffset, long DataOffset)
{
    /// <summary>Larger files have their data page-aligned, so that blocks are whole pages; small files stay small.</summary>
    private const int Page = 4096;

    public static FileLayout For(int headerRoom, long dataLength)
    {
        var table = Align(FilePreamble.Size + headerRoom, 8);
        var end = table + BlockChecksums.TableLengthOf(dataLength);
        return new FileLayout(headerRoom, table, Align(end, dataLength >= BlockChecksums.BlockSize ? Page : 8));
    }

    private static long Align(long offset, int to) => (offset + to - 1) / to * to;
}
