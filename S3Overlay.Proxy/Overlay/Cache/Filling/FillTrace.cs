using System.Diagnostics;

using S3Overlay.Proxy.Overlay.Reading;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Overlay.Cache.Filling;

/// <summary>
/// What a fill tells of itself: a span from the first question to the last byte stored, and below it one for each chunk. The span is below
/// that of the read which started the fill, so that this read's trace shows where its bytes came from; it ends with the fill, however long
/// before that the read has ended. Reads that join are linked to it. There is none where nobody listens.
/// </summary>
/// <remarks>Used by one at a time: the opening, then its fill.</remarks>
internal sealed class FillTrace
{
    private readonly Activity _span;
    private Activity? _chunk;
    private long _chunkEnd;
    private long _chunkBytes;
    private long _chunkSize;
    private long _bytes;

    private FillTrace(Activity span) => _span = span;

    /// <summary>What reads that wait for it are linked to.</summary>
    public ActivityContext Context => _span.Context;

    /// <summary>Begins one for the read at hand; null where nobody listens.</summary>
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

    /// <summary>
    /// Makes the span the current one of the flow that calls this: attempts at the remote, and what the store is given, are below it.
    /// </summary>
    public void Enter() => Activity.Current = _span;

    /// <summary>A stretch is about to be asked for, or its answer to be read.</summary>
    public void Asking(ByteRange stretch, long chunkSize)
    {
        _chunkSize = chunkSize;
        if (_chunk is null)
        {
            BeginChunk(stretch.First);
        }
    }

    /// <summary>Some bytes are stored.</summary>
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

    /// <summary>Ends it.</summary>
    /// <param name="outcome">How the fill ended.</param>
    /// <param name="error">What went wrong, in a word; null where nothing did.</param>
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
