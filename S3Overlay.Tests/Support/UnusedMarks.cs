using S3Overlay.Proxy.Overlay.Layers;

namespace S3Overlay.Tests.Support;

/// <summary>The marks of a layer that no administrator looks at: clients' requests must not.</summary>
public sealed class UnusedMarks : IDeleteMarks
{
    public IAsyncEnumerable<string> ListBucketsAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

    public IAsyncEnumerable<Tombstone> ListAsync(string bucket, string prefix, string after, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<Tombstone?> FindAsync(string bucket, string key, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<DiscardOutcome> DiscardAsync(string bucket, Tombstone tombstone, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<bool> DiscardBucketAsync(string bucket, CancellationToken cancellationToken) => throw new NotSupportedException();
}
