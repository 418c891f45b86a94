using S3Overlay.Proxy.Concurrency;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Overlay.Buckets;

/// <summary>
/// Which buckets exist (rule B1): local buckets, mapped buckets, and buckets the remote reports, unless they were deleted here.
/// </summary>
public sealed class BucketDirectory(ILayerState layer, IRemoteBuckets remotes, OverlaySettings settings, TimeProvider time)
{
    private readonly CoalescingCache<bool> _memory = new(TimeSpan.FromSeconds(60), time);

    /// <summary>True for the overlay's own bucket name (rule T5). Ignores case: some file systems do.</summary>
    public bool IsInternal(string bucket) => string.Equals(bucket, settings.CacheBucket, StringComparison.OrdinalIgnoreCase);

    /// <summary>Where the bucket continues below, from configuration alone; null if it is local only.</summary>
    public BucketRoutes? Below(string bucket) => IsInternal(bucket) ? null : remotes.Find(bucket);

    /// <summary>True if the settings map the bucket by name.</summary>
    public bool IsMapped(string bucket) => remotes.IsMapped(bucket);

    /// <summary>The bucket's current state. Does not ask the remote.</summary>
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

    /// <summary>
    /// True if clients see an overlaid bucket. Asks the remote only if neither the local layer nor the mapping knows the bucket.
    /// </summary>
    public async ValueTask<bool> ExistsAsync(BucketView bucket, CancellationToken cancellationToken) =>
        bucket.IsLocal
        || await IsBelowAsync(bucket, cancellationToken)
        || await IsLocalByNowAsync(bucket, cancellationToken);

    /// <summary>
    /// Looks again for the bucket's local half: another proxy may have created it since <paramref name="bucket"/> was read.
    /// </summary>
    public async ValueTask<bool> IsLocalByNowAsync(BucketView bucket, CancellationToken cancellationToken) =>
        Below(bucket.Name) is not null && (await layer.ConfirmBucketAsync(bucket.Name, cancellationToken)).Exists;

    private async ValueTask<bool> IsBelowAsync(BucketView bucket, CancellationToken cancellationToken) =>
        bucket.Routes is { } routes
        && (remotes.IsMapped(bucket.Name)
            || await (bucket.Budget is { } budget
                ? budget.AskAsync(token => AskAsync(bucket.Name, routes.Whole!, token).AsTask(), cancellationToken)
                : AskAsync(bucket.Name, routes.Whole!, cancellationToken).AsTask()));

    /// <summary>Throws if the bucket does not exist.</summary>
    /// <exception cref="S3Exception">NoSuchBucket.</exception>
    public async ValueTask RequireAsync(BucketView bucket, CancellationToken cancellationToken)
    {
        if (!await ExistsAsync(bucket, cancellationToken))
        {
            throw new S3Exception(S3Errors.NoSuchBucket);
        }
    }

    /// <summary>Creates the local half of an existing bucket (rule B2).</summary>
    /// <exception cref="S3Exception">NoSuchBucket.</exception>
    public async ValueTask EnsureAsync(BucketView bucket, CancellationToken cancellationToken)
    {
        if (!bucket.IsLocal)
        {
            await RequireAsync(bucket, cancellationToken);
            await layer.EnsureBucketAsync(bucket.Name, cancellationToken);
        }
    }

    /// <summary>Removes the bucket from the cache of the remote's buckets.</summary>
    public void Forget(string bucket) => _memory.Forget(bucket);

    private ValueTask<bool> AskAsync(string bucket, RemoteBucket whole, CancellationToken cancellationToken) =>
        _memory.FindAsync(bucket, whole, static (_, whole) => whole.Remote.BucketExistsAsync(whole.Name, CancellationToken.None),
            cancellationToken);

    /// <summary>Deletes the local half and hides the remote's bucket (rule B4).</summary>
    public async ValueTask DeleteAsync(BucketView bucket, CancellationToken cancellationToken)
    {
        await layer.DeleteBucketAsync(bucket.Name, cancellationToken);
        _memory.Forget(bucket.Name);
    }
}

/// <summary>A bucket's state at the start of a request.</summary>
/// <param name="Name">The client's name for it.</param>
/// <param name="Routes">Where its keys continue below; null if it is local only, or if the remotes are hidden because the bucket was
/// deleted (rule B4).</param>
/// <param name="State">What the local layer knows of it.</param>
public readonly record struct BucketView(string Name, BucketRoutes? Routes, BucketState State)
{
    /// <summary>Total time the request may wait for remotes; null if each call has its own budget.</summary>
    public RequestBudget? Budget { get; init; }

    /// <summary>What the request changed; null if it changes nothing.</summary>
    public ChangeOutcome? Outcome { get; init; }

    /// <summary><see cref="Routes"/>, limited by this request's <see cref="Budget"/>.</summary>
    public BucketRoutes? AskedRoutes => Budget is null ? Routes : Routes?.Within(Budget);

    /// <summary>True if it has a local half.</summary>
    public bool IsLocal => State.Exists;

    /// <summary>True if any of its keys continues below.</summary>
    public bool IsOverlaid => Routes is not null;

    /// <summary>Where a key continues below; null if it is local only.</summary>
    public RemoteBucket? RemoteOf(string key) => Routes?.Of(key);
}

/// <summary>Whether a change took place. The status does not always say: 200 may be followed by nothing but errors.</summary>
public sealed class ChangeOutcome
{
    /// <summary>Whether nothing was changed although the status says so.</summary>
    public bool IsNoOp { get; set; }
}
