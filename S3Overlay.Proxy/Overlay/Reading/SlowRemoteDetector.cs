namespace S3Overlay.Proxy.Overlay.Reading;

/// <summary>
/// Tells whether a read waits so long for what one request of the remote brings that several at once would bring it sooner (rule C5).
/// </summary>
/// <param name="time">The clock.</param>
internal sealed class SlowRemoteDetector(TimeProvider time)
{
    /// <summary>So many bytes are looked at together: what is shorter is there before another request would be answered.</summary>
    public const long Stretch = 4L << 20;

    /// <summary>Where a stretch comes at this rate, in bytes a second, one request is enough.</summary>
    private const long Enough = 32L << 20;

    private long? _from;
    private TimeSpan _waited;

    /// <summary>Whether it does. Once it did it does: what comes faster since comes of several requests.</summary>
    public bool IsSlow { get; private set; }

    /// <summary>A byte has come.</summary>
    /// <param name="began">When the read began to wait for it, as the clock's <see cref="TimeProvider.GetTimestamp"/> tells it.</param>
    public void Waited(long began) => _waited += time.GetElapsedTime(began);

    /// <summary>All before a position has come.</summary>
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
