using S3Overlay.Proxy.Overlay.Buckets;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Reading;

/// <summary>
/// Reads keys that the remote owns, those neither written nor deleted here: from the cache, a running fill, or the remote.
/// </summary>
public interface IRemoteReader
{
    /// <summary>Answers a GET or HEAD of a key, or of one of its sub-resources.</summary>
    /// <param name="request">The request.</param>
    /// <param name="response">Its response.</param>
    /// <param name="remote">The key's remote bucket.</param>
    /// <param name="local">
    /// The local layer's result. If the tombstone check is still running, the cache is looked up alongside; the remote is not asked before
    /// it ends.
    /// </param>
    /// <param name="cancellationToken">Ends the read.</param>
    /// <returns>False if the key has a tombstone; nothing was sent.</returns>
    Task<bool> ReadAsync(S3Request request, S3Response response, RemoteBucket remote, WrittenRead local,
        CancellationToken cancellationToken);

    /// <summary>What the object is now, as a HEAD shows it; null if the remote does not have it.</summary>
    /// <param name="bucket">The bucket, as clients name it.</param>
    /// <param name="key">The key, as clients name it.</param>
    /// <param name="remote">The key's remote bucket.</param>
    /// <param name="mayBeStale">
    /// Whether a stale entry may be used if the remote cannot be asked: to read from, but not to judge a write.
    /// </param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="RemoteException">The remote failed.</exception>
    ValueTask<ObjectInfo?> HeadAsync(string bucket, string key, RemoteBucket remote, bool mayBeStale, CancellationToken cancellationToken);

    /// <summary>
    /// The same for a key of a bucket, within the request's budget. Null if its remote does not have it, and if the key has no remote.
    /// </summary>
    sealed ValueTask<ObjectInfo?> HeadAsync(BucketView bucket, string key, bool mayBeStale, CancellationToken cancellationToken) =>
        bucket.RemoteOf(key) is not { } remote ? default
        : bucket.Budget is { } budget
            ? new(budget.AskAsync(token => HeadAsync(bucket.Name, key, remote, mayBeStale, token).AsTask(), cancellationToken))
            : HeadAsync(bucket.Name, key, remote, mayBeStale, cancellationToken);

    /// <summary>A version's info with its checksums. Asks the remote if they are not known; unchanged if it does not send them.</summary>
    ValueTask<ObjectInfo> WithChecksumsAsync(string bucket, string key, RemoteBucket remote, ObjectInfo info,
        CancellationToken cancellationToken);

    /// <summary>The bytes of exactly one version (rule R7).</summary>
    /// <param name="bucket">The bucket, as clients name it.</param>
    /// <param name="key">The key, as clients name it.</param>
    /// <param name="remote">The key's remote bucket.</param>
    /// <param name="expected">The version.</param>
    /// <param name="range">The bytes; null for all.</param>
    /// <param name="isCurrent">Whether the remote must confirm the version even if the bytes are cached.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="RemoteException">The remote was needed, and failed or no longer has the version.</exception>
    Task<S3Body> OpenAsync(
        string bucket, string key, RemoteBucket remote, ObjectInfo expected, ByteRange? range, bool isCurrent,
        CancellationToken cancellationToken);

    /// <summary>True if all bytes of a version are cached.</summary>
    ValueTask<bool> IsCachedAsync(string bucket, string key, RemoteBucket remote, ObjectInfo version, CancellationToken cancellationToken);

    /// <summary>The bytes of a key that running fills bring, in order; none while nothing is filled.</summary>
    IReadOnlyList<ByteRange> OnTheirWay(string bucket, string key) => [];

    /// <summary>Evicts a key after it was written or deleted here. Only cleanup: the local layer already takes precedence.</summary>
    ValueTask InvalidateAsync(string bucket, string key);

    /// <summary>
    /// The same before the remote shows again: an entry may be older than the delete, whose own eviction may not have finished.
    /// </summary>
    /// <exception cref="S3Exception">ServiceUnavailable if the cache fails.</exception>
    sealed async ValueTask InvalidateDeletedAsync(string bucket, string key)
    {
        try
        {
            await InvalidateAsync(bucket, key);
        }
        catch (IOException failure)
        {
            throw new S3Exception(
                S3Errors.ServiceUnavailable, "The cache entry of a deleted key cannot be evicted at the moment.", failure);
        }
    }

    /// <summary>True if an entry belongs to this remote object and has today's chunk size. Reads evict others.</summary>
    bool CanUse(EntryIdentity identity, ObjectInfo info, string key, RemoteBucket remote);

    /// <summary>The same for an entry at hand.</summary>
    sealed bool CanUse(ICacheEntry entry, string key, RemoteBucket remote) => CanUse(entry.Identity, entry.Info, key, remote);

    /// <summary>True if reads use an entry that was known to be current at a moment without asking the remote (rule S1).</summary>
    bool IsFresh(DateTimeOffset validatedAt);

    /// <summary>Fills that started earlier leave no entry. Existing entries stay.</summary>
    void InvalidateAll();

    /// <summary>
    /// Records that the remote has a key: a listing that shows it must not be followed by a 404 from the negative cache (rule T2).
    /// </summary>
    void NoteListed(string bucket, string key);

    /// <summary>What was last shown of the remote's keys; null if that is not remembered.</summary>
    ShownObjects? Shown => null;

    /// <summary>Whether entries are never replaced. Listings then show them instead of the remote's versions (rules S1, T2).</summary>
    bool IsFrozen { get; }

    /// <summary>Records that the remote has another version of a key than a frozen entry.</summary>
    void NoteDrift(string bucket);

    /// <summary>
    /// The failure to report after the remote said that it no longer has a version. If the version is in a frozen cache, this records
    /// drift.
    /// </summary>
    /// <param name="bucket">The bucket, as clients name it.</param>
    /// <param name="key">The key, as clients name it.</param>
    /// <param name="remote">The key's remote bucket.</param>
    /// <param name="expected">The version.</param>
    /// <param name="gone">The remote's failure.</param>
    /// <param name="cancellationToken">Ends the lookup.</param>
    ValueTask<RemoteException> GoneAsync(
        string bucket, string key, RemoteBucket remote, ObjectInfo expected, RemoteException gone, CancellationToken cancellationToken);
}
