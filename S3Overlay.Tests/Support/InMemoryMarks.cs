using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Remotes;

namespace S3Overlay.Tests.Support;

/// <summary>
/// The tombstones of a layer in memory, one by one. Only administrators list them: clients' requests must not.
/// </summary>
public sealed class InMemoryMarks(InMemoryLayer layer) : ITombstones
{
    public IAsyncEnumerable<string> ListBucketsAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

    public IAsyncEnumerable<Tombstone> ListAsync(string bucket, string prefix, string after, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public ValueTask<Tombstone?> FindAsync(string bucket, string key, CancellationToken cancellationToken) =>
        new(layer.IsMarked(bucket, key) ? new Tombstone(key, "mark", null) : null);

    public ValueTask<UndeleteOutcome> UndeleteAsync(string bucket, Tombstone tombstone, CancellationToken cancellationToken) =>
        new(layer.Unmark(bucket, tombstone.Key) ? UndeleteOutcome.Undeleted : UndeleteOutcome.Absent);

    public ValueTask RestoreBaseAsync(string bucket, Tombstone tombstone, RemoteBase known, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public ValueTask<bool> UndeleteBucketAsync(string bucket, CancellationToken cancellationToken) => throw new NotSupportedException();
}
