using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Tests.Support;

/// <summary>Runs callbacks between the steps of a cache store.</summary>
public sealed class SteppedStore(ICacheStore store) : PassingStore(store)
{
    public Func<Task> AfterFind { get; init; } = () => Task.CompletedTask;

    public Func<Task> BeforeCreate { get; init; } = () => Task.CompletedTask;

    public Func<Task> AfterCreate { get; init; } = () => Task.CompletedTask;

    /// <summary>Called with each entry that a fill creates. The caller does not own it.</summary>
    public Action<ICacheEntry> OnCopy { get; init; } = static _ => { };

    public Func<Task> BeforeRenew { get; init; } = () => Task.CompletedTask;

    public Func<Task> AfterRenew { get; init; } = () => Task.CompletedTask;

    public Func<Task> BeforeEviction { get; init; } = () => Task.CompletedTask;

    public Func<Task> AfterEviction { get; init; } = () => Task.CompletedTask;

    public override async ValueTask<ICacheEntry?> FindAsync(string bucket, string key, LookupHint wish, CancellationToken cancellationToken)
    {
        var copy = await base.FindAsync(bucket, key, wish, cancellationToken);
        await AfterFind();
        return copy;
    }

    public override async ValueTask<ICacheEntry> CreateAsync(string bucket, string key, EntryIdentity identity, ObjectInfo info,
        DateTimeOffset validatedAt, CancellationToken cancellationToken)
    {
        await BeforeCreate();
        var copy = await base.CreateAsync(bucket, key, identity, info, validatedAt, cancellationToken);
        OnCopy(copy);
        await AfterCreate();
        return copy;
    }

    public override async ValueTask RenewAsync(
        string bucket, string key, string etag, DateTimeOffset validatedAt, ObjectInfo? info, CancellationToken cancellationToken)
    {
        await BeforeRenew();
        await base.RenewAsync(bucket, key, etag, validatedAt, info, cancellationToken);
        await AfterRenew();
    }

    public override async ValueTask EvictAsync(string bucket, string key, string? onlyETag, CancellationToken cancellationToken)
    {
        await BeforeEviction();
        await base.EvictAsync(bucket, key, onlyETag, cancellationToken);
        await AfterEviction();
    }
}
