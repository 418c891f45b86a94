using System.Diagnostics;

using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Overlay.Cache.Filling;

/// <summary>
/// The span of a fill, from the first request to the last byte stored, with a child span per chunk. It belongs to the trace of the read
/// that started the fill, and may end after it. Joining reads link to it.
/// </summary>
/// <remarks>Not safe for concurrent use: first the pending fill uses it, then the fill.</remarks>
internal sealed class FillTrace
{
    private readonly Activity _span;
    private Activity? _chunk;
    private long _chunkEnd;
    private long _chunkBytes;
    private long _chunkSize;
    private long _bytes;

    private FillTrace(Activity span) => _span = span;

    public ActivityContext Context => _span.Context;

    /// <summary>Starts a span; null when tracing is off.</summary>
    public static FillTrace? Start(bool isAhead = false)
    {
        if (Tracing.StartBeside(SpanNames.RemoteFill) is not { } span)
        {
            return null;
        }

        if (isAhead)
        {
            span.SetTag(SpanAttributes.ReadAhead, true);
        }

        return new FillTrace(span);
    }

    /// <summary>Makes the span current, so that requests to the remote and the store are its children.</summary>
    public void Enter() => Activity.Current = _span;

    /// <summary>Notes that a range is about to be requested or read.</summary>
    public void Asking(ByteRange stretch, long chunkSize)
    {
        _chunkSize = chunkSize;
        if (_chunk is null)
        {
            BeginChunk(stretch.First);
        }
    }

    public void Stored(long position, int count)
    {
        _bytes += count;
        for (var end = position + count; _chunkSize > 0 && position < end;)
        {
            if (position >= _chunkEnd)
            {
                EndChunk();
            }

            if (_chunk is null)
            {
                BeginChunk(position);
            }

            var taken = Math.Min(end, _chunkEnd) - position;
            _chunkBytes += taken;
            position += taken;
            if (position == _chunkEnd)
            {
                EndChunk();
            }
        }
    }

    public void End(string outcome, string? error = null)
    {
        EndChunk();
        _span.SetTag(SpanAttributes.Outcome, outcome).SetTag(SpanAttributes.Bytes, _bytes);
        if (error is not null)
        {
            _span.Fail(error);
        }

        Tracing.StopBeside(_span);
    }

    private void BeginChunk(long position)
    {
        if (_chunkSize == 0)
        {
            return;
        }

        _chunkEnd = FillPlan.EndOfChunk(position, _chunkSize);
        _chunkBytes = 0;
        _chunk = Tracing.StartBeside(SpanNames.ChunkFetch)?.SetTag(SpanAttributes.Chunk, position / _chunkSize)
            .SetTag(SpanAttributes.Offset, position);
    }

    private void EndChunk()
    {
        _chunk?.SetTag(SpanAttributes.Bytes, _chunkBytes);
        Tracing.StopBeside(_chunk);
        _chunk = null;
    }
}
