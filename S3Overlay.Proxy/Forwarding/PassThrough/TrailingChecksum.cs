using System.Globalization;
using System.Text;

using S3Overlay.Proxy.Protocol.Bodies;

namespace S3Overlay.Proxy.Forwarding.PassThrough;

/// <summary>
/// Frames a body in aws-chunked encoding, with a trailing checksum that was verified when the last byte arrived. Or without one: frames
/// show the end of the body to a store that would keep a cut one.
/// </summary>
/// <param name="algorithm">The checksum; null for none.</param>
/// <param name="length">The body's length in bytes.</param>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html</remarks>
internal sealed class TrailingChecksum(ChecksumAlgorithm? algorithm, long length)
{
    /// <summary>The chunk size that clients use, above S3's minimum of 8 KiB.</summary>
    private const int ChunkSize = 64 << 10;

    private static readonly byte[] LineEnd = "\r\n"u8.ToArray();

    private long _position;

    public ChecksumAlgorithm? Algorithm => algorithm;

    /// <summary>The framed length.</summary>
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

    /// <summary>The end of the framing.</summary>
    /// <param name="checksum">The verified checksum.</param>
    public ReadOnlyMemory<byte> End(BodyChecksum? checksum) => Encoding.ASCII.GetBytes(algorithm is not { } named ? "0\r\n\r\n"
        : checksum is not { Value: var value } ? throw new InvalidOperationException("The announced checksum is missing.")
        : $"0\r\n{ChecksumNames.Header(named)}:{value}\r\n\r\n");

    private static byte[] Header(long size) => Encoding.ASCII.GetBytes(size.ToString("x", CultureInfo.InvariantCulture) + "\r\n");
}
