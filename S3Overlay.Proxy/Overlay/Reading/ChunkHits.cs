using System.Diagnostics;

using S3Overlay.Proxy.Overlay.Cache;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Overlay.Reading;

/// <summary>Traces a span for each chunk whose wanted bytes were all cached when the read began. Only used while tracing is on.</summary>
internal sealed class ChunkHits : IDisposable
{
    private readonly ByteRange _wanted;
    private readonly long _chunkSize;
    private readonly List<ByteRange> _cached;
    private Activity? _span;
    private long _end;
    private DateTimeOffset _reached = DateTimeOffset.UtcNow;

    private ChunkHits(ByteRange wanted, long chunkSize, List<ByteRange> cached) =>
        (_wanted, _chunkSize, _cached) = (wanted, chunkSize, cached);

    /// <summary>Notes what is cached of the bytes wanted. Null when tracing is off, or if the entry has no chunks.</summary>
    public static ChunkHits? Of(ICacheEntry entry, ByteRange wanted)
    {
        if (!Tracing.IsOn || entry.Identity.ChunkSize == 0)
        {
            return null;
        }

        var cached = new List<ByteRange>();
        for (var position = wanted.First; position <= wanted.Last && entry.FirstCached(position) is { } run
            && run.First <= wanted.Last; position = run.Last + 1)
        {
            cached.Add(run);
        }

        return new ChunkHits(wanted, entry.Identity.ChunkSize, cached);
    }

    public void Sent(long position, int count)
    {
        for (var end = position + count; position < end;)
        {
            var chunk = Part(position);
            if (_span is null && chunk.First == position && _cached.Exists(run => run.First <= chunk.First && chunk.Last <= run.Last))
            {
                _span = Tracing.StartBeside(SpanNames.ChunkHit, _reached)?
                    .SetTag(SpanAttributes.Chunk, position / _chunkSize)
                    .SetTag(SpanAttributes.Offset, chunk.First)
                    .SetTag(SpanAttributes.Bytes, chunk.Length);
                _end = chunk.Last + 1;
            }

            position = Math.Min(end, chunk.Last + 1);
            if (position == _end)
            {
                Dispose();
            }
        }

        _reached = DateTimeOffset.UtcNow;
    }

    /// <summary>Ends the current span.</summary>
    public void Dispose()
    {
        Tracing.StopBeside(_span);
        _span = null;
    }

    /// <summary>The wanted bytes of the chunk that contains a byte.</summary>
    private ByteRange Part(long position) => new(
        Math.Max(_wanted.First, position / _chunkSize * _chunkSize),
        Math.Min(_wanted.Last, EntryIdentity.EndOfChunk(position, _chunkSize) - 1));
}
