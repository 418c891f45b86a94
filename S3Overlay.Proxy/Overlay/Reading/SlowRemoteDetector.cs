namespace S3Overlay.Proxy.Overlay.Reading;

/// <summary>Decides when parallel requests would be faster than one (rule C5).</summary>
internal sealed class SlowRemoteDetector(TimeProvider time)
{
    /// <summary>Bytes measured at a time. Anything shorter has arrived before another request would get a response.</summary>
    public const long Stretch = 4L << 20;

    /// <summary>Bytes per second at which a single request suffices.</summary>
    private const long Enough = 32L << 20;

    private long? _from;
    private TimeSpan _waited;

    /// <summary>True once a window was slow. Never resets: later speed is due to the parallel requests.</summary>
    public bool IsSlow { get; private set; }

    /// <summary>Records that a byte arrived.</summary>
    /// <param name="began">When the wait began, from <see cref="TimeProvider.GetTimestamp"/>.</param>
    public void Waited(long began) => _waited += time.GetElapsedTime(began);

    /// <summary>Records that all bytes before a position have arrived.</summary>
    public void Reached(long position)
    {
        _from ??= position;
        if (position - _from >= Stretch)
        {
            IsSlow |= _waited.TotalSeconds * Enough >= position - _from;
            (_from, _waited) = (position, TimeSpan.Zero);
        }
    }
}
