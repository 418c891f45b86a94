using Microsoft.AspNetCore.Http;

namespace S3Overlay.Tests.Support;

/// <summary>
/// A key that a store keeps to a conditional write of it from the write's headers to its answer, as MinIO does: whoever else asks for it meanwhile waits, and then is told that it took too
/// long, which is what this one says at once.
/// </summary>
internal sealed class KeptKey : IDisposable
{
    private readonly StoreServer _store;
    private readonly string _path;
    private int _underWay;
    private int _writes;

    /// <summary>Makes a store do so.</summary>
    /// <param name="store">The store.</param>
    /// <param name="path">The key's path.</param>
    public KeptKey(StoreServer store, string path)
    {
        (_store, _path) = (store, path);
        store.Alter = Begin;
        store.Fail = request => request.Path == _path && Volatile.Read(ref _underWay) > 0 ? (503, "RequestTimeout") : null;
    }

    /// <summary>How many writes it was kept to.</summary>
    public int Writes => _writes;

    /// <inheritdoc/>
    public void Dispose() => (_store.Alter, _store.Fail) = (null, null);

    private void Begin(HttpRequest request)
    {
        if (request.Method == "PUT" && request.Path == _path && (request.Headers.IfMatch.Count > 0 || request.Headers.IfNoneMatch.Count > 0))
        {
            Interlocked.Increment(ref _writes);
            Interlocked.Increment(ref _underWay);
            request.HttpContext.Response.OnStarting(() =>
            {
                Interlocked.Decrement(ref _underWay);
                return Task.CompletedTask;
            });
        }
    }
}
