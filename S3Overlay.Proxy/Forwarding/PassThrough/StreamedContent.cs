using System.Buffers;
using System.Net;

using S3Overlay.Proxy.Protocol.Bodies;

namespace S3Overlay.Proxy.Forwarding.PassThrough;

/// <summary>
/// Streams a client's body to the store. The last byte is held back until the front door has verified everything (rule W7): a store that
/// lacks a byte cannot keep the object.
/// </summary>
/// <param name="body">The client's body, decoded as it is read.</param>
/// <param name="trailer">The framing and trailing checksum; null for none.</param>
/// <param name="patience">The timeout for the store's silence.</param>
/// <param name="stall">How long the store may accept no bytes.</param>
/// <param name="timeout">How long it may take to respond to the complete body.</param>
/// <param name="verdict">The store's early response. If it refused, the client's body is not read. Null if unwatched.</param>
internal sealed class StreamedContent(S3Body body, long length, TrailingChecksum? trailer, SilenceTimeout patience, TimeSpan stall,
    TimeSpan timeout, StoreVerdict? verdict = null) : HttpContent
{
    private const int BufferSize = 256 << 10;

    /// <summary>The store's early response; null if unwatched.</summary>
    public StoreVerdict? Verdict => verdict;

    /// <summary>True once a byte was sent, or read from the client: then it cannot be sent again.</summary>
    public bool HasBegun { get; private set; }

    /// <summary>Why reading the client's body failed; null if it did not.</summary>
    public Exception? Failure { get; private set; }

    /// <inheritdoc/>
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    /// <inheritdoc/>
    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        if (verdict is { IsRefusal: true })
        {
            // HttpClient still asks for the body, and must not see an error. These bytes are dropped.
            await stream.WriteAsync(new byte[Headers.ContentLength!.Value], cancellationToken);
            return;
        }

        HasBegun = true;
        var buffer = ArrayPool<byte>.Shared.Rent((int)Math.Min(BufferSize, length + 1));
        try
        {
            var kept = 0;
            while (await ReadAsync(buffer.AsMemory(kept), cancellationToken) is > 0 and var read)
            {
                var ready = kept + read - 1;
                if (ready > 0)
                {
                    await WriteAsync(stream, buffer.AsMemory(0, ready), cancellationToken);
                    buffer[0] = buffer[ready];
                }

                kept = 1;
            }

            await WriteAsync(stream, buffer.AsMemory(0, kept), cancellationToken);
            if (trailer is not null)
            {
                await stream.WriteAsync(trailer.End(body.Checksum), cancellationToken);
            }

            patience.Limit(timeout);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <inheritdoc/>
    protected override bool TryComputeLength(out long framed)
    {
        framed = trailer?.FramedLength(length) ?? length;
        return true;
    }

    private async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        patience.Unlimited();
        try
        {
            return await body.ReadAsync(buffer, cancellationToken);
        }
        catch (Exception failure)
        {
            Failure = failure;
            throw;
        }
    }

    private async ValueTask WriteAsync(Stream stream, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        if (bytes.IsEmpty)
        {
            return;
        }

        patience.Limit(stall);
        if (trailer is null)
        {
            await stream.WriteAsync(bytes, cancellationToken);
            return;
        }

        await trailer.WriteAsync(stream, bytes, cancellationToken);
    }
}
