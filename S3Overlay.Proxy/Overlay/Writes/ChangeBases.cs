using S3Overlay.Proxy.Overlay.Buckets;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Overlay.Writes;

/// <summary>Finds what a write or delete hides of the remote, without asking the remote (rule P1).</summary>
/// <remarks>
/// <code>
///   1 what this proxy last showed of the key             memory
///   2 what an earlier write or delete recorded           an S3 endpoint is asked; the built-in store hands it on itself, and it wins
///   3 what the cache has of the key                      the built-in cache, whose row the write looks up anyway
///   4 unknown, since now
/// </code>
/// </remarks>
public sealed class ChangeBases(ShownObjects shown, ILayerState layer, ICacheStore? cache, TimeProvider time)
{
    /// <summary>What a change of a key hides; null if the key has no remote.</summary>
    public ValueTask<RemoteBase?> FindAsync(BucketView bucket, string key, CancellationToken cancellationToken) =>
        bucket.RemoteOf(key) is null ? default
        : shown.Find(bucket.Name, key) is { } known ? new(known)
        : LookUpAsync(bucket.Name, key, cancellationToken);

    /// <summary>What a delete of a key hides. One that brings back a saved delete has it.</summary>
    public ValueTask<RemoteBase?> FindAsync(KeyDelete delete, CancellationToken cancellationToken) =>
        delete.Request is OverlaidWrite { Base: { } known } ? new(known) : FindAsync(delete.Bucket, delete.Key, cancellationToken);

    /// <summary>True if that needs no look-up.</summary>
    public bool IsKnown(string bucket, string key) => shown.Find(bucket, key) is not null;

    /// <summary>The same write, with what it hides.</summary>
    public async ValueTask<S3Request> AddToAsync(
        BucketView bucket, S3Request request, CancellationToken cancellationToken) =>
        request is OverlaidWrite { Base: not null } ? request
            : OverlaidWrite.Over(request, await FindAsync(bucket, request.Key, cancellationToken));

    private async ValueTask<RemoteBase?> LookUpAsync(string bucket, string key, CancellationToken cancellationToken)
    {
        var found = await layer.EarlierBaseAsync(bucket, key, cancellationToken)
            ?? (cache is null ? null : await cache.KnownVersionAsync(bucket, key, cancellationToken))
            ?? RemoteBase.UnknownSince(time.GetUtcNow());

        // The remote is hidden from now on: the next change of the key has the same base.
        shown.Note(bucket, key, found);
        return found;
    }
}
