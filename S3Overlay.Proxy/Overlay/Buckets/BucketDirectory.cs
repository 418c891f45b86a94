using S3Overlay.Proxy.Concurrency;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Overlay.Buckets;

/// <summary>
/// Knows which buckets there are (rule B1): those local has, those that are mapped, and those the remote says it has, unless they were
/// deleted here.
/// </summary>
public sealed class BucketDirectory(ILayerState layer, IRemoteBuckets remotes, OverlaySettings settings, TimeProvider time)
{
    /// <summary>Which buckets the remote has.</summary>
    private readonly CoalescingCache<bool> _memory = new(TimeSpan.FromSeconds(60), time);

    /// <summary>Whether the name is the overlay's own, whatever case a file system below may not tell apart (rule T5).</summary>
    public bool IsInternal(string bucket) => string.Equals(bucket, settings.CacheBucket, StringComparison.OrdinalIgnoreCase);

    /// <summary>Where the bucket continues below, by configuration alone.</summary>
    public BucketRoutes? Below(string bucket) => IsInternal(bucket) ? null : remotes.Find(bucket);

    /// <summary>Whether the settings map the bucket by name.</summary>
    public bool IsMapped(string bucket) => remotes.IsMapped(bucket);

    /// <summary>The bucket as it stands. Asks nothing of the remote.</summary>
    public async ValueTask<BucketView> LookAsync(string bucket, CancellationToken cancellationToken)
    {
        var below = Below(bucket);
        if (below is null)
        {
            return new BucketView(bucket, null, default);
        }

        var state = await layer.ResolveBucketAsync(bucket, cancellationToken);
        return new BucketView(bucket, state.IsOpaque ? null : below, state);
    }

    /// <summary>Whether clients see an overlaid bucket. Asks the remote only where neither local nor the mapping knows it.</summary>
    public async ValueTask<bool> ExistsAsync(BucketView bucket, CancellationToken cancellationToken) =>
        bucket.IsLocal
        || await IsBelowAsync(bucket, cancellationToken)
        || await IsLocalByNowAsync(bucket, cancellationToken);

    /// <summary>Whether the bucket has a local half after all, by now: another proxy may have made it.</summary>
    public async ValueTask<bool> IsLocalByNowAsync(BucketView bucket, CancellationToken cancellationToken) =>
        Below(bucket.Name) is not null && (await layer.ConfirmBucketAsync(bucket.Name, cancellationToken)).Exists;

    private async ValueTask<bool> IsBelowAsync(BucketView bucket, CancellationToken cancellationToken) =>
        bucket.Routes is { } routes
        && (remotes.IsMapped(bucket.Name)
            || await (bucket.Budget is { } patience
                ? patience.AskAsync(token => AskAsync(bucket.Name, routes.Whole!, token).AsTask(), cancellationToken)
                : AskAsync(bucket.Name, routes.Whole!, cancellationToken).AsTask()));

    /// <summary>Refuses a bucket that is not there.</summary>
    /// <exception cref="S3Exception">NoSuchBucket.</exception>
    public async ValueTask RequireAsync(BucketView bucket, CancellationToken cancellationToken)
    {
        if (!await ExistsAsync(bucket, cancellationToken))
        {
            throw new S3Exception(S3Errors.NoSuchBucket);
        }
    }

    /// <summary>Makes the local half of a bucket that is there (rule B2).</summary>
    /// <exception cref="S3Exception">NoSuchBucket.</exception>
    public async ValueTask EnsureAsync(BucketView bucket, CancellationToken cancellationToken)
    {
        if (!bucket.IsLocal)
        {
            await RequireAsync(bucket, cancellationToken);
            await layer.EnsureBucketAsync(bucket.Name, cancellationToken);
        }
    }

    /// <summary>Forgets what the remote was heard to say of a bucket.</summary>
    public void Forget(string bucket) => _memory.Forget(bucket);

    private ValueTask<bool> AskAsync(string bucket, RemoteBucket whole, CancellationToken cancellationToken) =>
        _memory.FindAsync(bucket, whole, static (_, whole) => whole.Remote.BucketExistsAsync(whole.Name, CancellationToken.None),
            cancellationToken);

    /// <summary>Takes the bucket away here, and hides the remote's (rule B4).</summary>
    public async ValueTask DeleteAsync(BucketView bucket, CancellationToken cancellationToken)
    {
        await layer.DeleteBucketAsync(bucket.Name, cancellationToken);
        _memory.Forget(bucket.Name);
    }
}
