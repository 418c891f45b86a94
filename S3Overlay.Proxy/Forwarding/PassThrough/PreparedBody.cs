using System.Buffers;

using S3Overlay.Proxy.Protocol.Bodies;

namespace S3Overlay.Proxy.Forwarding.PassThrough;

/// <summary>
/// A small body, read and found right before anything is sent: it goes out in one piece with its headers, and its trailing checksum as a
/// header, which every store takes.
/// </summary>
internal sealed class PreparedBody : IDisposable
{
    /// <summary>Up to this many bytes are small.</summary>
    public const int Limit = 64 << 10;

    private byte[]? _buffer;

    private PreparedBody(byte[] buffer, int length) => (_buffer, Length) = (buffer, length);

    /// <summary>Its length in bytes.</summary>
    public int Length { get; }

    /// <summary>Its bytes.</summary>
    public ReadOnlyMemory<byte> Bytes => _buffer.AsMemory(0, Length);

    /// <summary>Reads a body that is known to be small.</summary>
    /// <exception cref="Protocol.S3Exception">It is not what was promised.</exception>
    public static async Task<PreparedBody> ReadAsync(S3Body body, CancellationToken cancellationToken)
    {
        // One byte of room beyond the end: the read that finds the end is the one that checks.
        var buffer = ArrayPool<byte>.Shared.Rent((int)(body.Length ?? Limit) + 1);
        try
        {
            var length = 0;
            while (await body.ReadAsync(buffer.AsMemory(length), cancellationToken) is > 0 and var read)
            {
                length += read;
            }

            return new PreparedBody(buffer, length);
        }
        catch
        {
            ArrayPool<byte>.Shared.Return(buffer);
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_buffer is not null)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = null;
        }
    }
}
