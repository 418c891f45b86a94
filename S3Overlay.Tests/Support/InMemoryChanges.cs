using S3Overlay.Proxy.Overlay.Layers;

namespace S3Overlay.Tests.Support;

/// <summary>The changes of a layer in memory. Only administrators ask for them: clients' requests must not.</summary>
public sealed class InMemoryChanges : ILocalChanges
{
    public IAsyncEnumerable<LocalChange> ListAsync(string bucket, string prefix, string after, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public ValueTask<LocalChange?> FindAsync(string bucket, string key, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public ValueTask<LocalChange?> CompleteAsync(string bucket, LocalChange change, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public ValueTask<string?> TagsAsync(string bucket, LocalChange change, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public ValueTask<RevertOutcome> RevertAsync(string bucket, string key, LocalRevert what, CancellationToken cancellationToken) =>
        throw new NotSupportedException();
}
