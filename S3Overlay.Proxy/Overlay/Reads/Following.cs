using System.Diagnostics;

using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Overlay.Reads;

/// <summary>
/// One read that follows fills: tells which it waited for, and whether another read had started one of them. While somebody listens each is a span of the read's
/// trace, linked to the fill's own.
/// </summary>
internal sealed class Following : IDisposable
{
    private FillTrace? _followed;
    private Activity? _span;

    /// <summary>Whether it waited for what another read had asked for (rule C1).</summary>
    public bool IsCoalesced { get; private set; }

    /// <summary>The read has to wait for a fill, from now on or still.</summary>
    /// <param name="fill">What the fill tells of itself; null where nobody listens.</param>
    /// <param name="isOwn">Whether this very read started it.</param>
    public void Wait(FillTrace? fill, bool isOwn)
    {
        IsCoalesced |= !isOwn;
        if (fill is null || fill == _followed)
        {
            return;
        }

        Dispose();
        _followed = fill;
        _span = Tracing.StartBeside(SpanNames.FillWait, default, fill.Context)?.SetTag(SpanAttributes.Coalesced, !isOwn);
    }

    /// <summary>The read needs no more of any fill.</summary>
    public void Dispose()
    {
        Tracing.StopBeside(_span);
        (_span, _followed) = (null, null);
    }
}
