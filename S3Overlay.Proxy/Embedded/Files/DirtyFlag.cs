namespace S3Overlay.Proxy.Embedded.Files;

/// <summary>
/// Whether the disk failed where something was to be taken back, or taken away: then there is no <c>CLEAN</c>, and the next start, which
/// looks at everything, finishes it.
/// </summary>
internal sealed class DirtyFlag
{
    private volatile bool _areThere;

    /// <summary>Whether there are any.</summary>
    public bool AreThere => _areThere;

    /// <summary>There is one.</summary>
    public void Note() => _areThere = true;
}
