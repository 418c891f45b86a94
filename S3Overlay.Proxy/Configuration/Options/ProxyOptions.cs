using S3Overlay.Proxy.Configuration.Values;

namespace S3Overlay.Proxy.Configuration.Options;

/// <summary>All settings, read and checked.</summary>
public sealed record ProxyOptions
{
    /// <summary>Who may send requests, and how.</summary>
    public required ClientOptions Clients { get; init; }

    /// <summary>The writable layer.</summary>
    public required LocalOptions Local { get; init; }

    /// <summary>The remotes, the unnamed one first; empty in local-only mode.</summary>
    public required IReadOnlyList<RemoteOptions> Remotes { get; init; }

    /// <summary>Whether the start fails if the check of a remote or mapped bucket fails.</summary>
    public bool RequiresRemote { get; init; }

    /// <summary>The unnamed remote, of <c>S3_OVERLAY_REMOTE_*</c>; null if there is none.</summary>
    public RemoteOptions? Remote => Remotes.FirstOrDefault(remote => remote.Name.Length == 0);

    /// <summary>How long one request waits for remotes in total.</summary>
    public TimeSpan RemoteBudget => Remotes is [var any, ..] ? any.Budget : Settings.RemoteBudget.DefaultValue;

    /// <summary>The cache.</summary>
    public required CacheOptions Cache { get; init; }

    /// <summary>What clients see of the two layers.</summary>
    public required ViewOptions View { get; init; }

    /// <summary>Where the proxy listens.</summary>
    public required ListenAddresses Listen { get; init; }

    /// <summary>Addresses of the management port; empty for none.</summary>
    public IReadOnlyList<string> Management { get; init; } = [];

    /// <summary>Where the web console listens, if a command opens it.</summary>
    public ConsoleOptions Console { get; init; } = new([], IsDefault: true);

    /// <summary>Every setting with its value. Read on demand.</summary>
    public Func<IReadOnlyList<ShownSetting>> Shown { get; init; } = static () => [];

    /// <summary>How long requests may take to finish after a stop signal.</summary>
    public TimeSpan ShutdownTimeout { get; init; }

    /// <summary>The access log; null if it is off.</summary>
    public AccessLogOptions? AccessLog { get; init; }
}
