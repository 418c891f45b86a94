using System.Collections.Frozen;

namespace S3Overlay.Proxy.Overlay.Remotes;

/// <summary>Which keys of which bucket continue where (rules B6, M1, M2): one table for all remotes.</summary>
public sealed class RouteTable : IRemoteBuckets
{
    private readonly FrozenDictionary<string, BucketRoutes> _named;
    private readonly IRemote? _others;

    /// <summary>A table.</summary>
    /// <param name="rows">Buckets by name, and where their keys, or those under a prefix, continue.</param>
    /// <param name="others">The remote for all other keys of all buckets, under the bucket's own name; null if those are local
    /// only.</param>
    /// <exception cref="ArgumentException">Two rows have the same prefix of the same bucket.</exception>
    public RouteTable(IEnumerable<(string Bucket, RemoteBucket Place)> rows, IRemote? others)
    {
        _others = others;
        _named = rows.GroupBy(row => row.Bucket, row => row.Place, StringComparer.Ordinal).ToFrozenDictionary(
            bucket => bucket.Key,
            bucket => new BucketRoutes(
                others is null || bucket.Any(place => place.ClientPrefix.Length == 0) ? bucket
                    : bucket.Append(new RemoteBucket(others, bucket.Key, ""))),
            StringComparer.Ordinal);
    }

    /// <inheritdoc/>
    public IReadOnlyCollection<string> Mapped => _named.Keys;

    /// <inheritdoc/>
    public BucketRoutes? Find(string bucket) =>
        _named.TryGetValue(bucket, out var named) ? named : _others is null ? null
            : new BucketRoutes(new RemoteBucket(_others, bucket, ""));

    /// <inheritdoc/>
    public bool IsMapped(string bucket) => _named.ContainsKey(bucket);
}

/// <summary>Which client buckets have a remote below them, from configuration alone. Never uses the network.</summary>
public interface IRemoteBuckets
{
    /// <summary>Where the bucket's keys continue below, or null for a bucket that is local only.</summary>
    BucketRoutes? Find(string bucket);

    /// <summary>Buckets mapped by name, in whole or in part: they are listed and exist without asking the remote (rules B1, B6).</summary>
    IReadOnlyCollection<string> Mapped { get; }

    /// <summary>True if the bucket is mapped by name.</summary>
    bool IsMapped(string bucket) => Mapped.Contains(bucket);
}
