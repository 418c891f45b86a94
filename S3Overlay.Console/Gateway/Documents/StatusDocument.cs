namespace S3Overlay.WebConsole.Gateway.Documents;

/// <summary>What <c>GET status</c> returns.</summary>
public sealed record StatusDocument(
    string Version, string Endpoint, string Client, LayerStatus Local, IReadOnlyList<LayerStatus> Remotes, CacheStatus Cache,
    ChangeCounts? Changes);

/// <summary>A layer.</summary>
public sealed record LayerStatus(string Name, string Place, string Buckets, LayerHealth Health, string? Problem);

/// <summary>How a layer is.</summary>
public enum LayerHealth
{
    /// <summary>Not known yet.</summary>
    Unknown,

    /// <summary>It answers.</summary>
    Ok,

    /// <summary>It does not answer, or refuses.</summary>
    Failing,
}

/// <summary>The cache.</summary>
public sealed record CacheStatus(bool Enabled, string Place, long? Limit);

/// <summary>How much was changed here.</summary>
public sealed record ChangeCounts(long Written, long Deleted, bool More);
