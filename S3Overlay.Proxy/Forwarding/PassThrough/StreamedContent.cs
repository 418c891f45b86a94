using System.Buffers;
using System.Net;

using S3Overlay.Proxy.Protocol.Bodies;

namespace S3Overlay.Proxy.Forwarding.PassThrough;

/// <summary>
/// A client's body on its way to the store, at the client's speed. Its last byte is held back until the front door has found all of it
/// right (rule W7): a store that lacks a byte has nothing it could keep, whatever it thinks of checksums.
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

    /// <summary>A body of a known length.</summary>
    /// <param name="body">The client's, decoded while it is read.</param>
    /// <param name="length">Its length in bytes.</param>
    /// <param name="trailer">The frames to send it in, and which checksum behind it; null for the bare bytes.</param>
    /// <param name="patience">What the store's silence is measured by.</param>
    /// <param name="stall">How long the store may take no bytes.</param>
    /// <param name="answer">How long it may take to answer once it has them all.</param>
    /// <param name="verdict">What the store said of it before; of a body that it refused, the client is not asked for any. Null where
    /// nobody knows.</param>
    public StreamedContent(S3Body body, long length, TrailingChecksum? trailer, SilenceTimeout patience, TimeSpan stall, TimeSpan answer,
        StoreVerdict? verdict = null)
    {
        (_body, _length, _trailer, _patience, _stall, _answer) = (body, length, trailer, patience, stall, answer);
        Verdict = verdict;
        Headers.ContentLength = trailer?.FramedLength(length) ?? length;
    }

    /// <summary>What the store says before any of it is sent; null where nobody listens for that.</summary>
    public StoreVerdict? Verdict { get; }

    /// <summary>Whether the store was sent any of it, or the client asked for any: then it cannot be sent once more.</summary>
    public bool HasBegun { get; private set; }

    /// <summary>Why the client's body could not be read to its end, or null.</summary>
    public Exception? Failure { get; private set; }

    /// <inheritdoc/>
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    /// <inheritdoc/>
    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        if (Verdict is { IsRefusal: true })
        {
            // HttpClient asks for the body even so, and takes none for a failure of its own. These bytes go nowhere.
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
