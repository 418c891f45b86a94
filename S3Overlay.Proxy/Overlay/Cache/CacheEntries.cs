using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Overlay.Cache;

/// <summary>
/// The cache store as reads use it. Only entries of the right remote object are found, and a failing store never fails the read (rules R3,
/// R7).
/// </summary>
internal sealed class CacheEntries(ReadSettings settings, ICacheStore store, ILogger logger)
{
    /// <summary>True if all bytes of a range are cached.</summary>
    public static bool Covers(ICacheEntry entry, ByteRange range) => entry.FirstCached(range.First) is { } run && run.First <= range.First
        && run.Last >= range.Last;

    /// <summary>Finds the entry of an object. Evicts an entry of another remote object or chunk size (rule R7).</summary>
    /// <exception cref="S3Exception">ServiceUnavailable if the lookup failed and the cache is frozen.</exception>
    public async ValueTask<ICacheEntry?> FindAsync(ObjectName name, RemoteBucket remote, LookupHint hint,
        CancellationToken cancellationToken)
    {
        ICacheEntry? entry;
        try
        {
            entry = await store.FindAsync(name.Bucket, name.Key, hint, cancellationToken);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            Log.CacheFailed(logger, name.Bucket, failure);
            if (settings.IsFrozen && failure is not InvalidDataException)
            {
                // The remote may have another version than the frozen one that cannot be looked up.
                throw S3Exception.ForNow(S3Errors.ServiceUnavailable, 2, "The cache cannot be read at the moment.", failure);
            }

            return null;
        }

        if (entry is null || IsOf(entry.Identity, entry.Info, name.Key, remote))
        {
            return entry;
        }

        var etag = entry.Info.ETag;
        await entry.DisposeAsync();
        try
        {
            await store.EvictAsync(name.Bucket, name.Key, etag, cancellationToken);
        }
        catch (IOException failure)
        {
            // Each lookup skips it until it is replaced.
            Log.CacheCleaningFailed(logger, failure);
        }

        return null;
    }

    /// <summary>Records that a version was current at a time. A failure is only logged: the remote is asked again.</summary>
    public async ValueTask RenewAsync(ObjectName name, string etag, DateTimeOffset validatedAt, ObjectInfo? info)
    {
        try
        {
            await store.RenewAsync(name.Bucket, name.Key, etag, validatedAt, info, CancellationToken.None);
        }
        catch (Exception failure)
            when (failure is IOException or UnauthorizedAccessException or ObjectDisposedException or OperationCanceledException)
        {
            Log.RevalidationNotStored(logger, name.Bucket, failure);
        }
    }

    /// <summary>Evicts a version. A failure is only logged.</summary>
    public async ValueTask EvictAsync(ObjectName name, string etag)
    {
        try
        {
            await store.EvictAsync(name.Bucket, name.Key, etag, CancellationToken.None);
        }
        catch (Exception failure)
            when (failure is IOException or UnauthorizedAccessException or ObjectDisposedException or OperationCanceledException)
        {
            // A stale entry is superseded, or found by the next listing. Readers go on.
            Log.CacheCleaningFailed(logger, failure);
        }
    }

    /// <summary>See <see cref="ICacheStore.SettleAsync"/>.</summary>
    public ValueTask<bool> SettleAsync(ObjectName name, CancellationToken cancellationToken) =>
        store.SettleAsync(name.Bucket, name.Key, cancellationToken);

    /// <summary>Evicts whatever is cached of a key.</summary>
    /// <exception cref="IOException">The store failed.</exception>
    public ValueTask EvictAllAsync(ObjectName name) => store.EvictAsync(name.Bucket, name.Key, null, CancellationToken.None);

    /// <summary>Bytes per chunk; 0 for an object cached whole (rule R5).</summary>
    public long ChunkSizeOf(ObjectInfo info) => ChunkSizeOf(info.Size);

    /// <summary>The same for an object of a size.</summary>
    public long ChunkSizeOf(long size) => size <= settings.ChunkThreshold ? 0 : settings.ChunkSize;

    /// <summary>
    /// True if an entry belongs to this remote object and has today's chunk size. Compared field by field: every hit runs this.
    /// </summary>
    public bool IsOf(EntryIdentity identity, ObjectInfo info, string key, RemoteBucket remote) =>
        identity.ChunkSize == ChunkSizeOf(info)
            && identity.Endpoint == remote.Remote.Endpoint
            && identity.Bucket == remote.Name
            && remote.IsRemoteKey(identity.Key, key);

    /// <summary>Creates an empty entry. Null if the store fails.</summary>
    public async ValueTask<ICacheEntry?> CreateAsync(ObjectName name, RemoteBucket remote, ObjectInfo info, DateTimeOffset asked)
    {
        var identity = new EntryIdentity(remote.Remote.Endpoint, remote.Name, remote.RemoteKey(name.Key), ChunkSizeOf(info));
        try
        {
            return await store.CreateAsync(name.Bucket, name.Key, identity, info, asked, CancellationToken.None);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ObjectDisposedException)
        {
            Log.CacheFailed(logger, name.Bucket, failure);
            return null;
        }
    }
}
