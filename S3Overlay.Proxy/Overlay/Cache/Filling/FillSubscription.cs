using System.Diagnostics;

using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Overlay.Cache.Filling;

/// <summary>
/// One read's view of the fills it waits for. Counts reads that joined another read's fill, and traces each wait with a link to the fill.
/// </summary>
internal sealed class FillSubscription(OverlayMeters? meters) : IDisposable
{
    private FillTrace? _followed;
    private Activity? _span;
    private bool _isCoalesced;

    /// <summary>Records that the read waits for a fill.</summary>
    /// <param name="fill">Null if the fill is not traced.</param>
    /// <param name="isOwn">True if this read started it.</param>
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
