namespace S3Overlay.Proxy.Overlay.Cache.Filling;

/// <summary>
/// Whether there is room in the store for what nobody waits for yet. Where there was none, nothing is fetched ahead for a while: it would
/// cost a request each time, and take the room from those who read.
/// </summary>
/// <param name="time">The clock.</param>
internal sealed class ReadAheadBackoff(TimeProvider time)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(10);

    /// <summary>When there was none last, as the clock that nobody sets tells it; 0 for never.</summary>
    private long _none;

    /// <summary>Whether something may be fetched ahead.</summary>
    public bool IsThere => Volatile.Read(ref _none) is var none && (none == 0 || time.GetElapsedTime(none) >= Pause);

    /// <summary>There was none.</summary>
    public void NoteNone() => Volatile.Write(ref _none, Math.Max(1, time.GetTimestamp()));
}
