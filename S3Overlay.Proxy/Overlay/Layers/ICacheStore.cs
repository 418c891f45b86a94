using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Layers;

/// <summary>
/// Where copies of remote bytes are kept: whole or in part, droppable at any time, never the truth. Embedded: sparse files with a
/// checksum a block. On an S3 endpoint: objects in the cache bucket.
/// </summary>
public interface ICacheStore
{
    /// <summary>The copy held of a key, whatever version of the remote it is of, or null. The caller disposes it.</summary>
    /// <param name="bucket">The bucket, in the client's view.</param>
    /// <param name="key">The key, in the client's view.</param>
    /// <param name="wish">What the caller is about to do with it.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    ValueTask<ICacheEntry?> FindAsync(string bucket, string key, LookupHint wish, CancellationToken cancellationToken);

    /// <summary>
    /// Starts an empty copy of one remote version, in place of any other of that key. Until then readers of the old one keep it.
    /// </summary>
    /// <param name="bucket">The bucket, in the client's view.</param>
    /// <param name="key">The key, in the client's view.</param>
    /// <param name="identity">Which remote object it is of.</param>
    /// <param name="info">Which version.</param>
    /// <param name="validatedAt">When that is known to have been the remote's current version.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    ValueTask<ICacheEntry> CreateAsync(
        string bucket, string key, EntryIdentity identity, ObjectInfo info, DateTimeOffset validatedAt,
        CancellationToken cancellationToken);

    /// <summary>
    /// Notes that what is held of a key, where it is of the version named, was the remote's current version at a moment, so that a restart
    /// finds it noted. Copies that are found from now on say so; what is known of a later moment stays.
    /// </summary>
    /// <param name="bucket">The bucket, in the client's view.</param>
    /// <param name="key">The key, in the client's view.</param>
    /// <param name="etag">The version.</param>
    /// <param name="validatedAt">The moment.</param>
    /// <param name="info">What the remote says of the version by now, its bytes apart; null where that is what the copy says.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    ValueTask RenewAsync(string bucket, string key, string etag, DateTimeOffset validatedAt, ObjectInfo? info,
        CancellationToken cancellationToken);

    /// <summary>
    /// Drops what is held of a key, unless it is of another version than <paramref name="onlyETag"/> (null: whatever it is).
    /// </summary>
    /// <remarks>
    /// It may return while what is dropped is still being taken out: where a copy is on its way to an S3 endpoint that does not hold it
    /// under its own key. None of it is found meanwhile.
    /// </remarks>
    ValueTask DropAsync(string bucket, string key, string? onlyETag, CancellationToken cancellationToken);

    /// <summary>
    /// The held keys of a bucket in UTF-8 byte order that start with <paramref name="prefix"/> and come strictly after
    /// <paramref name="after"/>, with what a listing compares (rule T2).
    /// </summary>
    IAsyncEnumerable<CacheRow> ListAsync(string bucket, string prefix, string after, CancellationToken cancellationToken);

    /// <summary>The buckets of which anything is held, in the client's view; each once, in no particular order.</summary>
    IAsyncEnumerable<string> ListBucketsAsync(CancellationToken cancellationToken);
}
