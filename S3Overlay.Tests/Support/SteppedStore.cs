using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Tests.Support;

/// <summary>Lets something happen between the steps of a held store.</summary>
public sealed class SteppedStore(IHeldStore store) : IHeldStore
{
    public Func<Task> AfterFind { get; init; } = () => Task.CompletedTask;

    public Func<Task> BeforeCreate { get; init; } = () => Task.CompletedTask;

    public Func<Task> AfterCreate { get; init; } = () => Task.CompletedTask;

    public async ValueTask<IHeldCopy?> FindAsync(string bucket, string key, HeldWish wish, CancellationToken cancellationToken)
    {
        var copy = await store.FindAsync(bucket, key, wish, cancellationToken);
        await AfterFind();
        return copy;
    }

    public async ValueTask<IHeldCopy> CreateAsync(string bucket, string key, HeldIdentity identity, ObjectInfo info, CancellationToken cancellationToken)
    {
        await BeforeCreate();
        var copy = await store.CreateAsync(bucket, key, identity, info, cancellationToken);
        await AfterCreate();
        return copy;
    }

    public ValueTask DropAsync(string bucket, string key, string? onlyETag, CancellationToken cancellationToken) =>
        store.DropAsync(bucket, key, onlyETag, cancellationToken);

    public IAsyncEnumerable<HeldRow> ListAsync(string bucket, string prefix, string after, CancellationToken cancellationToken) =>
        store.ListAsync(bucket, prefix, after, cancellationToken);

    public IAsyncEnumerable<string> ListBucketsAsync(CancellationToken cancellationToken) => store.ListBucketsAsync(cancellationToken);
}
