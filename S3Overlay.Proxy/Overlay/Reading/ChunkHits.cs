using System.Diagnostics;

using S3Overlay.Proxy.Overlay.Cache.Filling;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Overlay.Reading;

/// <summary>
/// Tells each chunk of which a read found all it wanted held when it came, as a span while its bytes are sent. What a fill brings meanwhile
/// is none of these, however soon it is there. Made only while somebody listens.
/// </summary>
internal sealed class ChunkHits : IDisposable
{
    private readonly ByteRange _wanted;
    private readonly long _chunkSize;
    private readonly List<ByteRange> _held;
    private Activity? _span;
    private long _end;
    private DateTimeOffset _reached = DateTimeOffset.UtcNow;

    private ChunkHits(ByteRange wanted, long chunkSize, List<ByteRange> held) => (_wanted, _chunkSize, _held) = (wanted, chunkSize, held);

    /// <summary>Notes what is held of the bytes wanted; null where nobody listens, or the copy has no chunks.</summary>
    public static ChunkHits? Of(ICacheEntry copy, ByteRange wanted)
    {
        if (!Tracing.IsOn || copy.Identity.ChunkSize == 0)
        {
            return null;
        }

        var held = new List<ByteRange>();
        for (var position = wanted.First; position <= wanted.Last && copy.FirstHeld(position) is { } run
            && run.First <= wanted.Last; position = run.Last + 1)
        {
            held.Add(run);
        }

        return new ChunkHits(wanted, copy.Identity.ChunkSize, held);
    }

    /// <summary>Some bytes were sent.</summary>
    public void Sent(long position, int count)
    {
        for (var end = position + count; position < end;)
        {
            var chunk = Part(position);
            if (_span is null && chunk.First == position && _held.Exists(run => run.First <= chunk.First && chunk.Last <= run.Last))
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

    /// <summary>The read is over, perhaps in the middle of a chunk.</summary>
    public void Dispose()
    {
        Tracing.StopBeside(_span);
        _span = null;
    }

    /// <summary>What is wanted of the chunk that holds a byte.</summary>
    private ByteRange Part(long position) => new(
        Math.Max(_wanted.First, position / _chunkSize * _chunkSize), Math.Min(_wanted.Last, FillPlan.EndOfChunk(position, _chunkSize) - 1));
}
