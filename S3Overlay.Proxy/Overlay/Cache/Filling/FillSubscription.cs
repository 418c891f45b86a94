using System.Diagnostics;

using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Overlay.Cache.Filling;

/// <summary>
/// One read that follows fills: tells which it waited for, and whether another read had started one of them. While somebody listens each is
/// a span of the read's trace, linked to the fill's own.
/// </summary>
/// <param name="meters">Counts it; null where nobody counts.</param>
internal sealed class FillSubscription(OverlayMeters? meters) : IDisposable
{
    private FillTrace? _followed;
    private Activity? _span;
    private bool _isCoalesced;

    /// <summary>The read has to wait for a fill, from now on or still.</summary>
    /// <param name="fill">What the fill tells of itself; null where nobody listened when it began: there is nothing to link to
    /// then.</param>
    /// <param name="isOwn">Whether this very read started it.</param>
    public void Wait(FillTrace? fill, bool isOwn)
    {
        _isCoalesced |= !isOwn;
        if (!Tracing.IsOn || (_span is not null && fill == _followed))
        {
            return;
        }

        Tracing.StopBeside(_span);
        _followed = fill;
        _span = (fill is null ? Tracing.StartBeside(SpanNames.FillWait) : Tracing.StartBeside(SpanNames.FillWait, default, fill.Context))
            ?.SetTag(SpanAttributes.Coalesced, !isOwn);
    }

    /// <summary>The read needs no more of any fill.</summary>
    public void Dispose()
    {
        Tracing.StopBeside(_span);
        if (_isCoalesced)
        {
            meters?.ReadCoalesced();
        }
    }
}
