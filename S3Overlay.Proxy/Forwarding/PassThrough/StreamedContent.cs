using System.Buffers;
using System.Net;

using S3Overlay.Proxy.Protocol.Bodies;

namespace S3Overlay.Proxy.Forwarding.PassThrough;

/// <summary>
/// Streams a client's body to the store. The last byte is held back until the front door has verified everything (rule W7): a store that
/// lacks a byte cannot keep the object.
/// </summary>
internal sealed class StreamedContent : HttpContent
{
    private const int BufferSize = 256 << 10;

    private readonly S3Body _body;
    private readonly SilenceTimeout _patience;
    private readonly TimeSpan _stall;
    private readonly TimeSpan _answer;
    private readonly TrailingChecksum? _trailer;
    private readonly long _length;

    /// <param name="body">The client's body, decoded as it is read.</param>
    /// <param name="trailer">The framing and trailing checksum; null for none.</param>
    /// <param name="patience">The timeout for the store's silence.</param>
    /// <param name="stall">How long the store may accept no bytes.</param>
    /// <param name="answer">How long it may take to respond to the complete body.</param>
    /// <param name="verdict">The store's early answer. If it refused, the client's body is not read. Null if unwatched.</param>
    public StreamedContent(S3Body body, long length, TrailingChecksum? trailer, SilenceTimeout patience, TimeSpan stall, TimeSpan answer,
        StoreVerdict? verdict = null)
    {
        (_body, _length, _trailer, _patience, _stall, _answer) = (body, length, trailer, patience, stall, answer);
        Verdict = verdict;
        Headers.ContentLength = trailer?.FramedLength(length) ?? length;
    }

    /// <summary>The store's early answer; null if unwatched.</summary>
    public StoreVerdict? Verdict { get; }

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
        if (Verdict is { IsRefusal: true })
        {
            // HttpClient still asks for the body, and must not see an error. These bytes are dropped.
            await stream.WriteAsync(new byte[Headers.ContentLength!.Value], cancellationToken);
            return;
        }

        HasBegun = true;
        var buffer = ArrayPool<byte>.Shared.Rent((int)Math.Min(BufferSize, _length + 1));
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
            if (_trailer is not null)
            {
                await stream.WriteAsync(_trailer.End(_body.Checksum), cancellationToken);
            }

            _patience.Limit(_answer);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <inheritdoc/>
    protected override bool TryComputeLength(out long length)
    {
        length = Headers.ContentLength ?? 0;
        return true;
    }

    private async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        _patience.Unlimited();
        try
        {
            return await _body.ReadAsync(buffer, cancellationToken);
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

        _patience.Limit(_stall);
        if (_trailer is null)
        {
            await stream.WriteAsync(bytes, cancellationToken);
            return;
        }

        await _trailer.WriteAsync(stream, bytes, cancellationToken);
    }
}
