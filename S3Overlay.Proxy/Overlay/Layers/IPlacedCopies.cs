namespace S3Overlay.Proxy.Overlay.Layers;

/// <summary>
/// Copies of remote objects that are kept under their own keys among written objects (rule E4), as far as writes must know of them: local
/// would take such a copy for an object that the client's condition is about.
/// </summary>
public interface IPlacedCopies
{
    /// <summary>
    /// Begins to change a bucket's configuration, which ends with the disposal of the result: copies may not be fit to stand there any
    /// more. None is put there meanwhile; those on their way are waited for, for a while.
    /// </summary>
    ValueTask<IDisposable> ReconfigureAsync(string bucket, CancellationToken cancellationToken);

    /// <summary>Keeps copies of a key from being put there until the result is disposed.</summary>
    ValueTask<IDisposable> HoldOffAsync(string bucket, string key, CancellationToken cancellationToken);

    /// <summary>Local's own ETag of the copy that is under a key; null where there is none.</summary>
    ValueTask<string?> ETagAsync(string bucket, string key, CancellationToken cancellationToken);

    /// <summary>
    /// Begins the commit of a write, which ends with the disposal of the result: no copy of the key is taken away meanwhile, since what is
    /// taken away could be what was just written.
    /// </summary>
    ValueTask<IPlacedCommit> EnterAsync(string bucket, string key, CancellationToken cancellationToken);
}
