using System.Buffers;

using S3Overlay.Proxy.Protocol.Bodies;

namespace S3Overlay.Proxy.Forwarding.PassThrough;

/// <summary>
/// A small body, read and verified before anything is sent. It is sent in one piece, its trailing checksum as a header, which every store
/// accepts.
/// </summary>
internal sealed class PreparedBody : IDisposable
{
    /// <summary>The largest size in bytes.</summary>
    public const int Limit = 64 << 10;

    private byte[]? _buffer;

    private PreparedBody(byte[] buffer, int length) => (_buffer, Length) = (buffer, length);

    public int Length { get; }

    public ReadOnlyMemory<byte> Bytes => _buffer.AsMemory(0, Length);

    /// <summary>Reads a small body.</summary>
    /// <exception cref="Protocol.S3Exception">The body does not match what was declared.</exception>
    public static async Task<PreparedBody> ReadAsync(S3Body body, CancellationToken cancellationToken)
    {
        // One byte beyond the end: the read that finds the end also verifies.
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
