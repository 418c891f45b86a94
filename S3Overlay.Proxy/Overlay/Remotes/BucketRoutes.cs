using System.Collections.Frozen;

using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Listings;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Remotes;

/// <summary>
/// Where the keys of one client bucket continue below. The longest matching prefix decides, and hides what shorter ones have under it (rule
/// M2).
/// </summary>
public sealed class BucketRoutes
{
    private static readonly RemoteBucket[] None = [];

    private readonly RemoteBucket? _whole;
    private readonly RemoteBucket[] _parts = None;
    private readonly RemoteBucket[] _longestFirst = None;

    /// <summary>A bucket whose keys all continue in one place.</summary>
    public BucketRoutes(RemoteBucket whole) => _whole = whole;

    /// <summary>A bucket whose keys continue in several places.</summary>
    /// <exception cref="ArgumentException">Two places have the same prefix.</exception>
    public BucketRoutes(IEnumerable<RemoteBucket> places)
    {
        _parts = [.. places.OrderBy(place => place.ClientPrefix, Utf8Order.Instance)];
        for (var i = 1; i < _parts.Length; i++)
        {
            if (_parts[i].ClientPrefix == _parts[i - 1].ClientPrefix)
            {
                throw new ArgumentException($"Two places have the prefix \"{_parts[i].ClientPrefix}\".", nameof(places));
            }
        }

        if (_parts is [{ ClientPrefix: "" } whole, ..])
        {
            (_whole, _parts) = (whole, _parts[1..]);
        }

        _longestFirst = [.. _parts.OrderByDescending(part => part.ClientPrefix.Length)];
    }

    /// <summary>Where keys without a matching part continue; null if they are local only.</summary>
    public RemoteBucket? Whole => _whole;

    /// <summary>The prefixes that continue elsewhere, in UTF-8 byte order.</summary>
    public IReadOnlyList<RemoteBucket> Parts => _parts;

    /// <summary>The same places, limited by one request's budget.</summary>
    public BucketRoutes Within(RequestBudget budget)
    {
        return _parts.Length == 0 && _whole is not null ? new BucketRoutes(Asked(_whole))
            : new BucketRoutes(_parts.Concat(_whole is null ? [] : [_whole]).Select(Asked));

        RemoteBucket Asked(RemoteBucket place) => place with { Remote = new BudgetedRemote(place.Remote, budget) };
    }

    /// <summary>Where a key continues; null if it is local only.</summary>
    public RemoteBucket? Of(string key)
    {
        foreach (var part in _longestFirst)
        {
            if (key.StartsWith(part.ClientPrefix, StringComparison.Ordinal))
            {
                // The prefix itself would map to the bucket, which is no object.
                return key.Length == part.ClientPrefix.Length && part.KeyPrefix.Length == 0 ? null : part;
            }
        }

        return _whole;
    }

    /// <summary>
    /// True if all keys under a prefix continue in places for that prefix or a longer one, so no other place has any of them.
    /// </summary>
    public bool BeginUnder(string prefix) => Array.Exists(_parts, part => part.ClientPrefix.StartsWith(prefix, StringComparison.Ordinal));
}

/// <summary>Where keys of a client bucket continue below: a remote, a bucket there, and a prefix that clients do not see.</summary>
/// <param name="Remote">The remote.</param>
/// <param name="Name">The bucket's name there.</param>
/// <param name="KeyPrefix">Replaces <paramref name="ClientPrefix"/> at the start of every key there; empty for none.</param>
/// <param name="ClientPrefix">The prefix of the client's keys that continue here; empty for all.</param>
public sealed record RemoteBucket(IRemote Remote, string Name, string KeyPrefix, string ClientPrefix = "")
{
    /// <summary>The remote's key for a client's key, which starts with <see cref="ClientPrefix"/>.</summary>
    public string RemoteKey(string key) => ClientPrefix.Length == 0 ? KeyPrefix + key
        : string.Concat(KeyPrefix, key.AsSpan(ClientPrefix.Length));

    /// <summary>A request for the whole object, whatever version is current.</summary>
    internal RemoteRead Read(string key) => new(Name, RemoteKey(key));

    /// <summary>A request for a range of exactly one version.</summary>
    internal RemoteRead Read(string key, string etag, ByteRange range) => Read(key) with { IfMatch = etag, Range = RemoteRead.Text(range) };

    /// <summary>Refuses to send a client's encryption key (SSE-C) over an unencrypted connection (rule T1).</summary>
    /// <exception cref="S3Exception">InvalidRequest.</exception>
    public void RequireTls()
    {
        if (!Remote.Endpoint.StartsWith("https:", StringComparison.OrdinalIgnoreCase))
        {
            throw new S3Exception(
                S3Errors.InvalidRequest, "Requests with a customer-provided encryption key are sent to a remote only over TLS.");
        }
    }

    /// <summary>True if a remote key corresponds to a client's key. Allocates nothing.</summary>
    public bool IsRemoteKey(string remoteKey, string key) =>
        remoteKey.Length == KeyPrefix.Length + key.Length - ClientPrefix.Length
        && remoteKey.StartsWith(KeyPrefix, StringComparison.Ordinal)
        && remoteKey.AsSpan(KeyPrefix.Length).SequenceEqual(key.AsSpan(ClientPrefix.Length));
}

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
