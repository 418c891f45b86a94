using System.Collections.Frozen;

using S3Overlay.Proxy.Configuration;

namespace S3Overlay.Proxy.Overlay.Remotes;

/// <summary>The mapping of the settings over one remote (rule B6).</summary>
public sealed class MappedBuckets : IRemoteBuckets
{
    private readonly IRemote _remote;
    private readonly FrozenDictionary<string, RemoteBucket> _mapped;
    private readonly bool _continuesUnmapped;

    /// <summary>The buckets that <paramref name="mapping"/> names; the others as <paramref name="unmapped"/> has it.</summary>
    public MappedBuckets(IRemote remote, IEnumerable<BucketMapping> mapping, UnmappedBuckets unmapped)
    {
        _remote = remote;
        _mapped = mapping.ToFrozenDictionary(
            entry => entry.Local, entry => new RemoteBucket(remote, entry.Remote, entry.Prefix), StringComparer.Ordinal);
        _continuesUnmapped = unmapped != UnmappedBuckets.Deny;
    }

    /// <inheritdoc/>
    public IReadOnlyCollection<string> Mapped => _mapped.Keys;

    /// <inheritdoc/>
    public RemoteBucket? Find(string bucket) =>
        _mapped.TryGetValue(bucket, out var mapped) ? mapped : _continuesUnmapped ? new RemoteBucket(_remote, bucket, "") : null;

    /// <inheritdoc/>
    public bool IsMapped(string bucket) => _mapped.ContainsKey(bucket);
}
