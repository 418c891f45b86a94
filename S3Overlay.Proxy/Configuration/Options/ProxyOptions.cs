using S3Overlay.Proxy.Configuration.Values;

namespace S3Overlay.Proxy.Configuration.Options;

/// <summary>All settings, read and checked.</summary>
public sealed record ProxyOptions
{
    /// <summary>Who may come in, and how.</summary>
    public required ClientOptions Clients { get; init; }

    /// <summary>The writable layer.</summary>
    public required LocalOptions Local { get; init; }

    /// <summary>The lower layers, the one without a name first; empty in local-only mode.</summary>
    public required IReadOnlyList<RemoteOptions> Remotes { get; init; }

    /// <summary>Whether a start fails where a remote, or a bucket that is mapped, is not as it should be.</summary>
    public bool RequiresRemote { get; init; }

    /// <summary>The lower layer that <c>S3_OVERLAY_REMOTE_*</c> tells of, without a name; null where there is none.</summary>
    public RemoteOptions? Remote => Remotes.FirstOrDefault(remote => remote.Name.Length == 0);

    /// <summary>How long one request waits for remotes in all, however many there are: it is one setting for all of them.</summary>
    public TimeSpan RemoteBudget => Remotes is [var any, ..] ? any.Budget : Settings.RemoteBudget.DefaultValue;

    /// <summary>What is kept of the remote.</summary>
    public required CacheOptions Cache { get; init; }

    /// <summary>What clients see of the two layers.</summary>
    public required ViewOptions View { get; init; }

    /// <summary>Where the proxy listens.</summary>
    public required ListenAddresses Listen { get; init; }

    /// <summary>Where those who watch it are answered, besides; empty for nowhere.</summary>
    public IReadOnlyList<string> Management { get; init; } = [];

    /// <summary>How long requests may take to finish once the proxy is told to stop.</summary>
    public required TimeSpan ShutdownTimeout { get; init; }

    /// <summary>Where each request leaves a line; null for nowhere.</summary>
    public AccessLogOptions? AccessLog { get; init; }
}
