using S3Overlay.Proxy.Overlay.Layers;

namespace S3Overlay.Proxy.Overlay.Remotes;

/// <summary>A remote used for one client request: calls wait no longer than the request's budget.</summary>
/// <param name="remote">The remote.</param>
/// <param name="patience">The request's budget.</param>
public sealed class BudgetedRemote(IRemote remote, RequestBudget patience) : IRemote
{
    /// <inheritdoc/>
    public string Endpoint => remote.Endpoint;

    /// <inheritdoc/>
    public RemoteCondition ConditionOf(string bucket) => remote.ConditionOf(bucket);

    /// <inheritdoc/>
    public ValueTask<bool> KeepsAsync(string bucket, string key, CancellationToken cancellationToken) =>
        remote.KeepsAsync(bucket, key, cancellationToken);

    /// <inheritdoc/>
    public DateTimeOffset? CreatedOf(string bucket) => remote.CreatedOf(bucket);

    /// <inheritdoc/>
    public void Suspect(string bucket) => remote.Suspect(bucket);

    /// <inheritdoc/>
    public Task<RemoteObject> GetAsync(RemoteRead read, CancellationToken cancellationToken) =>
        patience.AskAsync(token => remote.GetAsync(read, token), cancellationToken);

    /// <inheritdoc/>
    public Task<RemoteObject> HeadAsync(RemoteRead read, CancellationToken cancellationToken) =>
        patience.AskAsync(token => remote.HeadAsync(read, token), cancellationToken);

    /// <inheritdoc/>
    public Task<RemotePage> ListAsync(RemoteListing listing, CancellationToken cancellationToken) =>
        patience.AskAsync(token => remote.ListAsync(listing, token), cancellationToken);

    /// <inheritdoc/>
    public Task<bool> BucketExistsAsync(string bucket, CancellationToken cancellationToken) =>
        patience.AskAsync(token => remote.BucketExistsAsync(bucket, token), cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<LayerBucket>> ListBucketsAsync(CancellationToken cancellationToken) =>
        patience.AskAsync(remote.ListBucketsAsync, cancellationToken);
}
