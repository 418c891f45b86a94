using S3Overlay.Proxy.Overlay.Buckets;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Reading;

/// <summary>Asks for keys wherever their bucket has them continue.</summary>
public static class BucketReads
{
    /// <summary>
    /// What the object is now, as a HEAD shows it; null where the remote that the key continues on has none, and where the key is local
    /// only.
    /// </summary>
    /// <param name="reader">Reads what remotes own.</param>
    /// <param name="bucket">The bucket.</param>
    /// <param name="key">The key.</param>
    /// <param name="mayBeStale">Whether a copy past its life will do where the remote cannot be asked: to read from, and not to judge a
    /// write by.</param>
    /// <param name="cancellationToken">The client's patience.</param>
    /// <exception cref="RemoteException">It cannot be known.</exception>
    public static ValueTask<ObjectInfo?> HeadAsync(
        this IRemoteReader reader, BucketView bucket, string key, bool mayBeStale, CancellationToken cancellationToken) =>
        bucket.RemoteOf(key) is not { } remote ? default
        : bucket.Budget is { } patience
            ? new(patience.AskAsync(token => reader.HeadAsync(bucket.Name, key, remote, mayBeStale, token).AsTask(), cancellationToken))
            : reader.HeadAsync(bucket.Name, key, remote, mayBeStale, cancellationToken);
}
