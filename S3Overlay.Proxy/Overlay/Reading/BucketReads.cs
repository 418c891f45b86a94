using S3Overlay.Proxy.Overlay.Buckets;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Reading;

/// <summary>Reads of keys that belong to the remote of a bucket.</summary>
public static class BucketReads
{
    /// <summary>What the object is now, as a HEAD shows it. Null if its remote does not have it, and if the key has no remote.</summary>
    /// <param name="reader">Reads the remote's keys.</param>
    /// <param name="bucket">The bucket.</param>
    /// <param name="key">The key.</param>
    /// <param name="mayBeStale">
    /// Whether a stale entry may be used if the remote cannot be asked: to read from, but not to judge a write.
    /// </param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="RemoteException">The remote failed.</exception>
    public static ValueTask<ObjectInfo?> HeadAsync(
        this IRemoteReader reader, BucketView bucket, string key, bool mayBeStale, CancellationToken cancellationToken) =>
        bucket.RemoteOf(key) is not { } remote ? default
        : bucket.Budget is { } patience
            ? new(patience.AskAsync(token => reader.HeadAsync(bucket.Name, key, remote, mayBeStale, token).AsTask(), cancellationToken))
            : reader.HeadAsync(bucket.Name, key, remote, mayBeStale, cancellationToken);
}
