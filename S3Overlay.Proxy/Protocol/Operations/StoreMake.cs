using System.Collections.Frozen;

namespace S3Overlay.Proxy.Protocol.Operations;

/// <summary>What a vendor's S3 store adds to S3: names reserved for itself, and operations that the proxy forwards.</summary>
/// <param name="Name">Its name for people.</param>
public sealed record StoreMake(string Name)
{
    private readonly FrozenSet<string> _kept = [];
    private readonly FrozenSet<string> _keptUnderAnyHost = [];

    /// <summary>
    /// First path segments that are not buckets there: administration, sign-in, health. Requests to such a bucket would reach them, signed
    /// with the proxy's keys. Case-insensitive: a server in front of the store may be.
    /// </summary>
    public IEnumerable<string> Kept
    {
        get => _kept;
        init => _kept = value.ToFrozenSet(StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>Those that it also serves under the host names of buckets, where keys start the path.</summary>
    public IEnumerable<string> KeptUnderAnyHost
    {
        get => _keptUnderAnyHost;
        init => _keptUnderAnyHost = value.ToFrozenSet(StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>S3's operations and its own. Each needs the right to read or write its target.</summary>
    public OperationTable Operations { get; init; } = OperationTable.OfS3;

    /// <summary>Whether any name is reserved.</summary>
    public bool KeepsAny => _kept.Count > 0;

    /// <summary>Whether a first path segment is reserved.</summary>
    public bool Keeps(string name) => _kept.Contains(name);

    /// <summary>Whether it is reserved under a bucket's host name too.</summary>
    public bool KeepsUnderAnyHost(string name) => _keptUnderAnyHost.Contains(name);

    /// <inheritdoc/>
    public override string ToString() => Name;
}
