using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Tests.Support;

/// <summary>Lets something happen between the steps of a held store.</summary>
public sealed class SteppedStore(IHeldStore store) : IHeldStore
{
    public Func<Task> AfterFind { get; init; } = () => Task.CompletedTask;

    public Func<Task> BeforeCreate { get; init; } = () => Task.CompletedTask;

    public Func<Task> AfterCreate { get; init; } = () => Task.CompletedTask;

    public Func<Task> BeforeRenew { get; init; } = () => Task.CompletedTask;

    public Func<Task> AfterRenew { get; init; } = () => Task.CompletedTask;

    public Func<Task> BeforeDrop { get; init; } = () => Task.CompletedTask;

    public Func<Task> AfterDrop { get; init; } = () => Task.CompletedTask;

    public async ValueTask<IHeldCopy?> FindAsync(string bucket, string key, HeldWish wish, CancellationToken cancellationToken)
    {
        var copy = await store.FindAsync(bucket, key, wish, cancellationToken);
        await AfterFind();
        return copy;
    }

    public async ValueTask<IHeldCopy> CreateAsync(string bucket, string key, HeldIdentity identity, ObjectInfo info, DateTimeOffset validatedAt, CancellationToken cancellationToken)
    {
        await BeforeCreate();
        var copy = await store.CreateAsync(bucket, key, identity, info, validatedAt, cancellationToken);
        await AfterCreate();
        return copy;
    }

    public async ValueTask RenewAsync(
        string bucket, string key, string etag, DateTimeOffset validatedAt, ObjectInfo? info, CancellationToken cancellationToken)
    {
        await BeforeRenew();
        await store.RenewAsync(bucket, key, etag, validatedAt, info, cancellationToken);
        await AfterRenew();
    }

    public async ValueTask DropAsync(string bucket, string key, string? onlyETag, CancellationToken cancellationToken)
    {
        await BeforeDrop();
        await store.DropAsync(bucket, key, onlyETag, cancellationToken);
        await AfterDrop();
    }

    public IAsyncEnumerable<HeldRow> ListAsync(string bucket, string prefix, string after, CancellationToken cancellationToken) =>
        store.ListAsync(bucket, prefix, after, cancellationToken);

    public IAsyncEnumerable<string> ListBucketsAsync(CancellationToken cancellationToken) => store.ListBucketsAsync(cancellationToken);
}
