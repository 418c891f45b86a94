using S3Overlay.Proxy.Forwarding.BucketCache.Format;
using S3Overlay.Proxy.Forwarding.BucketCache.Known;
using S3Overlay.Proxy.Forwarding.BucketCache.Spooling;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Forwarding.BucketCache.Reading;

/// <summary>Reads an entry chunk by chunk, from the spool or the store; where a chunk is in both in part, run by run.</summary>
internal sealed class StoredEntryReader(StoredEntry entry, SharedEntry shared, StoredChunks chunks, ByteRange range) : IEntryReader
{
    private long _position = range.First;
    private int _chunk = -1;

    /// <summary>The last byte that the present source may have.</summary>
    private long _last = -1;
    private SpooledChunk? _spooled;
    private FramedReader? _stored;

    /// <inheritdoc/>
    public async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var last = Math.Min(range.Last, shared.Layout.Size - 1);
        if (_position > last || buffer.IsEmpty)
        {
            return 0;
        }

        var chunk = shared.Layout.At(_position);
        var bytes = shared.Layout.BytesOf(chunk);
        last = Math.Min(last, bytes.Last);
        while (true)
        {
            var isNew = chunk != _chunk || _position > _last;
            if (isNew && !await EnterAsync(chunk, bytes, last, cancellationToken))
            {
                return 0;
            }

            var wanted = buffer[..(int)Math.Min(buffer.Length, Math.Min(last, _last) + 1 - _position)];
            var read = _spooled is not null
                ? await _spooled.ReadAsync(_position - bytes.First, wanted, cancellationToken)
                : await ReadStoredAsync(_position - bytes.First, wanted, cancellationToken);
            _position += read;
            if (read > 0)
            {
                return read;
            }

            await LeaveAsync();
            if (isNew)
            {
                return 0;
            }
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => LeaveAsync();

    private async ValueTask<bool> EnterAsync(int chunk, ByteRange bytes, long last, CancellationToken cancellationToken)
    {
        await LeaveAsync();
        var part = new ByteRange(_position - bytes.First, last - bytes.First);
        var run = shared.InStore(chunk, out _)?.FirstRun(part.First)?.Last ?? part.Last;
        var started = entry.TakeStarted(chunk, part.First, Math.Min(part.Last, run));
        _spooled = started is null ? shared.UseSpooled(chunk, part.First) : null;
        if (_spooled is null && (started ??= await chunks.OpenAsync(shared, chunk, part, cancellationToken)) is null)
        {
            return false;
        }

        _stored = started?.Reader;
        _last = started is null ? bytes.Last : bytes.First + started.Last;
        _chunk = chunk;
        return true;
    }

    private async ValueTask<int> ReadStoredAsync(long position, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        try
        {
            return await _stored!.ReadAsync(position, buffer, cancellationToken);
        }
        catch (InvalidDataException)
        {
            chunks.Damaged(shared, _chunk, _stored!.Fill, _position);
            return 0;
        }
        catch (IOException)
        {
            // It ended early: the next read requests the rest.
            return 0;
        }
    }

    private async ValueTask LeaveAsync()
    {
        _chunk = -1;
        _spooled?.Release();
        _spooled = null;
        if (_stored is { } left)
        {
            _stored = null;
            await left.DisposeAsync();
        }
    }
}
