namespace S3Overlay.Proxy.Embedded.Files;

/// <summary>
/// Set when the disk failed to undo or remove something. Then no <c>CLEAN</c> is written, and the next start, which checks everything,
/// finishes it.
/// </summary>
internal sealed class DirtyFlag
{
    private volatile bool _areThere;

    public bool AreThere => _areThere;

    public void Note() => _areThere = true;
}
