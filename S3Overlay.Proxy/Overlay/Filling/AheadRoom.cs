namespace S3Overlay.Proxy.Overlay.Filling;

/// <summary>
/// Whether there is room in the store for what nobody waits for yet. Where there was none, nothing is fetched ahead for a while: it would cost a request each time, and take the room from those
/// who read.
/// </summary>
/// <param name="time">The clock.</param>
internal sealed class AheadRoom(TimeProvider time)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(10);

    /// <summary>When it is looked for again, in ticks of UTC.</summary>
    private long _again;

    /// <summary>Whether something may be fetched ahead.</summary>
    public bool IsThere => Volatile.Read(ref _again) is var again && (again == 0 || time.GetUtcNow().Ticks >= again);

    /// <summary>There was none.</summary>
    public void NoteNone() => Volatile.Write(ref _again, (time.GetUtcNow() + Pause).Ticks);
}
