using System.Globalization;
using System.Text;

using S3Overlay.Proxy.Protocol.Bodies;

namespace S3Overlay.Proxy.Forwarding.PassThrough;

/// <summary>
/// Frames a body in aws-chunked encoding for the sake of the checksum behind it: known only when the last byte has come from the client,
/// and verified by then. Or of its end alone, which only frames tell a store that would keep what came.
/// </summary>
/// <param name="algorithm">Which checksum; null for none.</param>
/// <param name="length">The body's length in bytes.</param>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html</remarks>
internal sealed class TrailingChecksum(ChecksumAlgorithm? algorithm, long length)
{
    /// <summary>What clients use, and more than the 8 KiB that S3 asks for.</summary>
    private const int ChunkSize = 64 << 10;

    private static readonly byte[] LineEnd = "\r\n"u8.ToArray();

    private long _position;

    /// <summary>Which checksum it is; null for none.</summary>
    public ChecksumAlgorithm? Algorithm => algorithm;

    /// <summary>How long a body is once it is framed.</summary>
    public long FramedLength(long bytes)
    {
        var (full, rest) = Math.DivRem(bytes, ChunkSize);
        return (full * (Header(ChunkSize).Length + ChunkSize + 2))
            + (rest > 0 ? Header(rest).Length + rest + 2 : 0)
            + Header(0).Length
                + (algorithm is { } named ? ChecksumNames.Header(named).Length + 1 + ((ChecksumNames.Size(named) + 2) / 3 * 4) + 2 : 0) + 2;
    }

    /// <summary>Writes the next bytes.</summary>
    public async ValueTask WriteAsync(Stream stream, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        while (!bytes.IsEmpty)
        {
            var within = (int)(_position % ChunkSize);
            if (within == 0)
            {
                await stream.WriteAsync(Header(Math.Min(ChunkSize, length - _position)), cancellationToken);
            }

            var piece = bytes[..Math.Min(bytes.Length, ChunkSize - within)];
            await stream.WriteAsync(piece, cancellationToken);
            _position += piece.Length;
            bytes = bytes[piece.Length..];
            if (_position % ChunkSize == 0 || _position == length)
            {
                await stream.WriteAsync(LineEnd, cancellationToken);
            }
        }
    }

    /// <summary>What comes behind the last byte.</summary>
    /// <param name="checksum">The client's, verified.</param>
    public ReadOnlyMemory<byte> End(BodyChecksum? checksum) => Encoding.ASCII.GetBytes(
        algorithm is not { } named ? "0\r\n\r\n"
        : $"0\r\n{ChecksumNames.Header(named)}:{checksum?.Value ?? throw new InvalidOperationException("The announced checksum did not come.")}\r\n\r\n");

    private static byte[] Header(long size) => Encoding.ASCII.GetBytes(size.ToString("x", CultureInfo.InvariantCulture) + "\r\n");
}
