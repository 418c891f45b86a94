using System.Collections.Frozen;

namespace S3Overlay.Proxy.Protocol.Operations;

/// <summary>
/// What a make of S3 store has beyond S3: names that it keeps for itself, and operations of its own that are let through to it.
/// </summary>
/// <param name="Name">What it is to people.</param>
public sealed record StoreMake(string Name)
{
    private readonly FrozenSet<string> _kept = [];
    private readonly FrozenSet<string> _keptUnderAnyHost = [];

    /// <summary>
    /// First segments of paths that are no buckets there: its administration, its sign-in, its health. A request for such a bucket would
    /// reach that, signed with the proxy's keys. In whatever case: a server before the store may not tell them apart.
    /// </summary>
    public IEnumerable<string> Kept
    {
        get => _kept;
        init => _kept = value.ToFrozenSet(StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>Those of them that it looks for under the host names of buckets too, where keys begin the path.</summary>
    public IEnumerable<string> KeptUnderAnyHost
    {
        get => _keptUnderAnyHost;
        init => _keptUnderAnyHost = value.ToFrozenSet(StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>S3's operations, and its own that are let through: each needs the right that reading or writing its target needs.</summary>
    public OperationTable Operations { get; init; } = OperationTable.OfS3;

    /// <summary>Whether it keeps any name.</summary>
    public bool KeepsAny => _kept.Count > 0;

    /// <summary>Whether it keeps a name for itself that begins a path.</summary>
    public bool Keeps(string name) => _kept.Contains(name);

    /// <summary>Whether it does so under a bucket's host name.</summary>
    public bool KeepsUnderAnyHost(string name) => _keptUnderAnyHost.Contains(name);

    /// <inheritdoc/>
    public override string ToString() => Name;
}
