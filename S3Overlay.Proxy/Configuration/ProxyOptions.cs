namespace S3Overlay.Proxy.Configuration;

/// <summary>All settings, read and checked.</summary>
public sealed record ProxyOptions
{
    /// <summary>Who may come in, and how.</summary>
    public required ClientOptions Clients { get; init; }

    /// <summary>The writable layer.</summary>
    public required LocalOptions Local { get; init; }

    /// <summary>The lower layer; null in local-only mode.</summary>
    public required RemoteOptions? Remote { get; init; }

    /// <summary>What is kept of the remote.</summary>
    public required CacheOptions Cache { get; init; }

    /// <summary>What clients see of the two layers.</summary>
    public required ViewOptions View { get; init; }

    /// <summary>Where the proxy listens.</summary>
    public required ListenAddresses Listen { get; init; }

    /// <summary>Where those who watch it are answered, besides; empty for nowhere.</summary>
    public IReadOnlyList<string> Management { get; init; } = [];
}
