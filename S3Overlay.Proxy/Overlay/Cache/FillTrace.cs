using System.Diagnostics;

using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Overlay.Cache;

/// <summary>
/// Counts a fill and traces it, from the first request to the last byte stored, with a child span per chunk. It belongs to the trace of the
/// read that started the fill, and may end after it. Joining reads link to it.
/// </summary>
/// <remarks>Not safe for concurrent use: first the pending fill uses it, then the fill.</remarks>
internal sealed class FillTrace
{
    private readonly ProxyMeters? _meters;
    private readonly Activity? _span;
    private Activity? _chunk;
    private long _chunkEnd;
    private long _chunkBytes;
    private long _chunkSize;
    private long _bytes;

    /// <summary>Starts the count, and the span if tracing is on.</summary>
    public FillTrace(ProxyMeters? meters, bool isAhead)
    {
        _meters = meters;
        meters?.FillStarted();
        _span = Tracing.StartBeside(SpanNames.RemoteFill);
        if (isAhead)
        {
            _span?.SetTag(SpanAttributes.ReadAhead, true);
        }
    }

    /// <summary>Null when tracing is off.</summary>
    public ActivityContext? Context => _span?.Context;

    /// <summary>Makes the span current, so that requests to the remote and the store are its children.</summary>
    public void Enter()
    {
        if (_span is not null)
        {
            Activity.Current = _span;
        }
    }

    /// <summary>Notes that a range is about to be requested or read.</summary>
    public void Asking(ByteRange stretch, long chunkSize)
    {
        _chunkSize = chunkSize;
        if (_chunk is not null && (stretch.First >= _chunkEnd || stretch.First < _chunkEnd - chunkSize))
        {
            EndChunk();
        }

        if (_chunk is null)
        {
            BeginChunk(stretch.First);
        }
    }

    public void Stored(long position, int count)
    {
        _bytes += count;
        for (var end = position + count; _span is not null && _chunkSize > 0 && position < end;)
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

    /// <summary>Ends both. Call once.</summary>
    /// <param name="outcome">One of <see cref="Outcomes"/>.</param>
    /// <param name="error">A short reason; null on success.</param>
    public void End(string outcome, string? error = null)
    {
        EndChunk();
        _span?.SetTag(SpanAttributes.Outcome, outcome).SetTag(SpanAttributes.Bytes, _bytes);
        if (error is not null)
        {
            _span.Fail(error);
        }

        Tracing.StopBeside(_span);
        _meters?.FillEnded(outcome);
    }

    private void BeginChunk(long position)
    {
        if (_span is null || _chunkSize == 0)
        {
            return;
        }

        _chunkEnd = EntryIdentity.EndOfChunk(position, _chunkSize);
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

/// <summary>
/// One read's view of the fills it waits for. Counts reads that joined another read's fill, and traces each wait with a link to the fill.
/// </summary>
internal sealed class FillSubscription(ProxyMeters? meters) : IDisposable
{
    private FillTrace? _followed;
    private Activity? _span;
    private bool _isCoalesced;

    /// <summary>True if its fills bring what it wants and no more: chunks are not completed for it.</summary>
    public bool IsExact { get; init; }

    /// <summary>Records that the read waits for a fill.</summary>
    /// <param name="fill">The fill.</param>
    /// <param name="isOwn">True if this read started it.</param>
    public void Wait(FillTrace fill, bool isOwn)
    {
        _isCoalesced |= !isOwn;
        if (!Tracing.IsOn || (_span is not null && fill == _followed))
        {
            return;
        }

        Tracing.StopBeside(_span);
        _followed = fill;
        _span = (fill.Context is { } context ? Tracing.StartBeside(SpanNames.FillWait, default, context)
            : Tracing.StartBeside(SpanNames.FillWait))
            ?.SetTag(SpanAttributes.Coalesced, !isOwn);
    }

    /// <summary>Ends the current wait.</summary>
    public void Dispose()
    {
        Tracing.StopBeside(_span);
        if (_isCoalesced)
        {
            meters?.ReadCoalesced();
        }
    }
}
