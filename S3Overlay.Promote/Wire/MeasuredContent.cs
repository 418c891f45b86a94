using System.Buffers;
using System.Net;
using System.Security.Cryptography;

namespace S3Overlay.Promote.Wire;

/// <summary>A body on its way: copied in small pieces, counted, and hashed.</summary>
/// <param name="body">The body.</param>
/// <param name="moved">Called for each piece.</param>
internal sealed class MeasuredContent(WireBody body, Action moved) : HttpContent
{
    private const int Piece = 128 << 10;

    /// <summary>The MD5 of the whole body in hex; null if it was not sent to its end.</summary>
    public string? Hash { get; private set; }

    /// <summary>Why the body could not be read; null if it could.</summary>
    public Exception? Failure { get; private set; }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        var (sent, buffer) = (0L, ArrayPool<byte>.Shared.Rent(Piece));
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.MD5);
        try
        {
            await using var source = await ReadAsync(() => body.OpenAsync(cancellationToken));
            while (await ReadAsync(() => source.ReadAsync(buffer.AsMemory(0, Piece), cancellationToken).AsTask()) is > 0 and var count)
            {
                hash.AppendData(buffer, 0, count);
                await stream.WriteAsync(buffer.AsMemory(0, count), cancellationToken);
                sent += count;
                body.Sent(count);
                moved();
            }

            if (sent != body.Length)
            {
                throw Failure = new IOException($"the object has {sent} bytes in place of {body.Length}");
            }

            Hash = Convert.ToHexStringLower(hash.GetHashAndReset());
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
            if (Hash is null)
            {
                body.Sent(-sent);
            }
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = body.Length;
        return true;
    }

    /// <summary>Reads, and remembers a failure: the HTTP client reports it like one of the connection.</summary>
    private async Task<T> ReadAsync<T>(Func<Task<T>> read)
    {
        try
        {
            return await read();
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            Failure = failure;
            throw;
        }
    }
}
