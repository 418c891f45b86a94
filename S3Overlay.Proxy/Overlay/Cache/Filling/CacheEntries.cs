using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Overlay.Cache.Filling;

/// <summary>
/// The store of copies as reads of the remote use it: only what is of the right remote is found there, and a store that fails does not fail
/// the read (rules R3, R7).
/// </summary>
internal sealed class CacheEntries(ReadSettings settings, ICacheStore store, ILogger logger)
{
    /// <summary>Whether all of some bytes is held.</summary>
    public static bool Covers(ICacheEntry copy, ByteRange range) => copy.FirstHeld(range.First) is { } held && held.First <= range.First
        && held.Last >= range.Last;

    /// <summary>
    /// The copy held of an object, where it is of this remote and cut as it would be today; another one is dropped (rule R7).
    /// </summary>
    /// <exception cref="S3Exception">ServiceUnavailable where that cannot be told, and copies are frozen.</exception>
    public async ValueTask<ICacheEntry?> FindAsync(ObjectName name, RemoteBucket remote, LookupHint wish,
        CancellationToken cancellationToken)
    {
        ICacheEntry? copy;
        try
        {
            copy = await store.FindAsync(name.Bucket, name.Key, wish, cancellationToken);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            Log.HeldStoreFailed(logger, name.Bucket, failure);
            if (settings.Freshness.IsFrozen && failure is not InvalidDataException)
            {
                // The remote's may be another version than the one that cannot be looked for.
                throw S3Exception.ForNow(S3Errors.ServiceUnavailable, 2, "What is held cannot be looked for at the moment.", failure);
            }

            return null;
        }

        if (copy is null || IsOf(copy, name, remote))
        {
            return copy;
        }

        var etag = copy.Info.ETag;
        await copy.DisposeAsync();
        try
        {
            await store.DropAsync(name.Bucket, name.Key, etag, cancellationToken);
        }
        catch (IOException failure)
        {
            // What takes its place is of the right kind; until then it is found and left alone each time.
            Log.HeldCleaningFailed(logger, failure);
        }

        return null;
    }

    /// <summary>
    /// Notes that a version was the remote's current one at a moment. What fails is told in the log: the remote is asked again.
    /// </summary>
    public async ValueTask RenewAsync(ObjectName name, string etag, DateTimeOffset validatedAt, ObjectInfo? info)
    {
        try
        {
            await store.RenewAsync(name.Bucket, name.Key, etag, validatedAt, info, CancellationToken.None);
        }
        catch (Exception failure)
            when (failure is IOException or UnauthorizedAccessException or ObjectDisposedException or OperationCanceledException)
        {
            Log.HeldRenewalFailed(logger, name.Bucket, failure);
        }
    }

    /// <summary>Drops the copy of a version. What fails is told in the log.</summary>
    public async ValueTask DropAsync(ObjectName name, string etag)
    {
        try
        {
            await store.DropAsync(name.Bucket, name.Key, etag, CancellationToken.None);
        }
        catch (Exception failure)
            when (failure is IOException or UnauthorizedAccessException or ObjectDisposedException or OperationCanceledException)
        {
            // A copy of an old version that stays is outranked, or found out by the next listing; those who read go on.
            Log.HeldCleaningFailed(logger, failure);
        }
    }

    /// <summary>Drops whatever is held of a key.</summary>
    /// <exception cref="IOException">The store failed.</exception>
    public ValueTask DropAllAsync(ObjectName name) => store.DropAsync(name.Bucket, name.Key, null, CancellationToken.None);

    /// <summary>The size of the chunks that an object is held in; 0 for one held whole (rule R5).</summary>
    public long ChunkSizeOf(ObjectInfo info) => info.Size <= settings.ChunkThreshold ? 0 : settings.ChunkSize;

    /// <summary>
    /// Whether a copy is of this remote, and cut as it would be today. Compared field by field: this is on the way of every warm read.
    /// </summary>
    public bool IsOf(ICacheEntry copy, ObjectName name, RemoteBucket remote)
    {
        var identity = copy.Identity;
        return identity.ChunkSize == ChunkSizeOf(copy.Info)
            && identity.Endpoint == remote.Remote.Endpoint
            && identity.Bucket == remote.Name
            && remote.IsRemoteKey(identity.Key, name.Key);
    }

    /// <summary>An empty copy; null where the store fails, which never fails the read.</summary>
    public async ValueTask<ICacheEntry?> CreateAsync(ObjectName name, RemoteBucket remote, ObjectInfo info, DateTimeOffset asked)
    {
        var identity = new EntryIdentity(remote.Remote.Endpoint, remote.Name, remote.RemoteKey(name.Key), ChunkSizeOf(info));
        try
        {
            return await store.CreateAsync(name.Bucket, name.Key, identity, info, asked, CancellationToken.None);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ObjectDisposedException)
        {
            Log.HeldStoreFailed(logger, name.Bucket, failure);
            return null;
        }
    }
}
