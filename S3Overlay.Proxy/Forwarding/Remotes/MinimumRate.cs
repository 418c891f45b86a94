using S3Overlay.Proxy.Forwarding.Endpoints;

namespace S3Overlay.Proxy.Forwarding.Remotes;

/// <summary>
/// Checks that a body arrives fast enough. Waiting time is added up; once it reaches the stall timeout, the body must have delivered the
/// minimum rate times that timeout, and the next window begins. With a rate of zero, one byte is enough. Time that the reader itself takes
/// does not count.
/// </summary>
internal sealed class MinimumRate(EndpointSettings settings, TimeProvider time)
{
    private readonly long _stretch = Math.Max(1, (long)Math.Min(settings.MinRate * settings.StallTimeout.TotalSeconds, long.MaxValue / 2));
    private TimeSpan _waited;
    private long _received;

    /// <summary>The waiting time left.</summary>
    public TimeSpan Left => settings.StallTimeout > _waited ? settings.StallTimeout - _waited : TimeSpan.Zero;

    /// <summary>Adds a wait that began at this timestamp.</summary>
    public void Waited(long since) => _waited += time.GetElapsedTime(since);

    /// <returns>True if a window is complete.</returns>
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

    /// <summary>Starts over with another response.</summary>
    public void Restart() => (_waited, _received) = (TimeSpan.Zero, 0);
}
