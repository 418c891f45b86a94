using System.Globalization;
using System.Text;

using S3Overlay.Proxy.Protocol.Bodies;

namespace S3Overlay.Proxy.Forwarding.PassThrough;

/// <summary>
/// Frames a body in aws-chunked encoding for the sake of the checksum behind it: known only when the last byte has come from the client, and verified by then.
/// </summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html</remarks>
internal sealed class TrailingChecksum(ChecksumAlgorithm algorithm, long length)
{
    /// <summary>What clients use, and more than the 8 KiB that S3 asks for.</summary>
    private const int ChunkSize = 64 << 10;

    private static readonly byte[] LineEnd = "\r\n"u8.ToArray();

    private long _position;

    /// <summary>Which checksum it is.</summary>
    public ChecksumAlgorithm Algorithm => algorithm;

    /// <summary>The name of the trailer.</summary>
    public string Name => ChecksumNames.Header(algorithm);

    /// <summary>How long a body is once it is framed.</summary>
    public long FramedLength(long bytes)
    {
        var (full, rest) = Math.DivRem(bytes, ChunkSize);
        return (full * (Header(ChunkSize).Length + ChunkSize + 2))
            + (rest > 0 ? Header(rest).Length + rest + 2 : 0)
            + Header(0).Length + Name.Length + 1 + ((ChecksumNames.Size(algorithm) + 2) / 3 * 4) + 4;
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
    public ReadOnlyMemory<byte> End(BodyChecksum? checksum) =>
        Encoding.ASCII.GetBytes($"0\r\n{Name}:{checksum?.Value ?? throw new InvalidOperationException("The announced checksum did not come.")}\r\n\r\n");

    private static byte[] Header(long size) => Encoding.ASCII.GetBytes(size.ToString("x", CultureInfo.InvariantCulture) + "\r\n");
}
