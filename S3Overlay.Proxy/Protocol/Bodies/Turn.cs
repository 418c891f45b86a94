namespace S3Overlay.Proxy.Protocol.Bodies;

/// <summary>
/// Says when a loop over bytes should let others use its thread. Where the other side is as fast as the loop, it never waits, and a large
/// transfer would keep connections of the same thread waiting to its end. The first turn is short, so that all begin soon. Later ones grow
/// to 4 MiB, since each change costs.
/// </summary>
/// <param name="length">Bytes of the first turn.</param>
internal struct Turn(int length)
{
    private const int Longest = 4 << 20;

    private int _length = length;
    private long _done;

    /// <summary>Whether it is the others' turn.</summary>
    public readonly bool IsOver => _done > _length;

    /// <summary>Counts bytes.</summary>
    public void Did(int bytes) => _done += bytes;

    /// <summary>Begins the next one: the others had theirs, or the loop waited.</summary>
    public void Begin() => (_done, _length) = (0, Math.Min(2 * _length, Longest));
}
