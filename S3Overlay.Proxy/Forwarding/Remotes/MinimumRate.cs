using S3Overlay.Proxy.Forwarding.Endpoints;

namespace S3Overlay.Proxy.Forwarding.Remotes;

/// <summary>
/// Whether a body comes fast enough. The remote may keep its reader waiting for the stall timeout in all, and by then has to send what the
/// minimum rate makes of that time; then the next stretch begins. With a rate of zero, one byte is enough: the body has to stand still to
/// fail. Time that the reader takes itself does not count.
/// </summary>
internal sealed class MinimumRate(EndpointSettings settings, TimeProvider time)
{
    private readonly long _stretch = Math.Max(1, (long)Math.Min(settings.MinRate * settings.StallTimeout.TotalSeconds, long.MaxValue / 2));
    private TimeSpan _waited;
    private long _received;

    /// <summary>How much longer the remote may keep its reader waiting.</summary>
    public TimeSpan Left => settings.StallTimeout > _waited ? settings.StallTimeout - _waited : TimeSpan.Zero;

    /// <summary>Counts a wait that began at a timestamp.</summary>
    public void Waited(long since) => _waited += time.GetElapsedTime(since);

    /// <summary>Counts bytes.</summary>
    /// <returns>Whether they end a stretch.</returns>
    public bool Received(int bytes)
    {
        _received += bytes;
        if (_received < _stretch)
        {
            return false;
        }

        Restart();
        return true;
    }

    /// <summary>Begins anew, with another answer.</summary>
    public void Restart() => (_waited, _received) = (TimeSpan.Zero, 0);
}
