using System.Globalization;

using Microsoft.Extensions.Logging;

using Known = S3Overlay.Proxy.Configuration.Settings;

namespace S3Overlay.Testing;

/// <summary>
/// Options of an <see cref="S3OverlayServer"/>. Without any, it is an empty S3 server: no remote, random keys, a free port. Nothing is read
/// from the environment.
/// </summary>
public sealed class S3OverlayOptions
{
    private readonly List<string> _mapping = [];
    private string? _remoteOption;

    /// <summary>The settings of all options, each with the name of its option for messages.</summary>
    internal Dictionary<string, (string Value, string Option)> Values { get; } = new(StringComparer.OrdinalIgnoreCase);

    internal Action<ScriptedRemote>? Script { get; private set; }

    internal string? ParentFolder { get; private set; }

    internal int ListenPort { get; private set; }

    internal (string Access, string Secret)? ClientKeys { get; private set; }

    internal TimeProvider Clock { get; private set; } = TimeProvider.System;

    internal ILoggerFactory? Loggers { get; private set; }

    /// <summary>Shows the buckets of an S3 endpoint, which is only read.</summary>
    /// <param name="endpoint">Its URL.</param>
    /// <param name="accessKey">The access key.</param>
    /// <param name="secretKey">The secret key for it.</param>
    /// <param name="region">Its region; null if any will do.</param>
    public S3OverlayOptions Remote(string endpoint, string accessKey, string secretKey, string? region = null)
    {
        BeginRemote(nameof(Remote));
        UseRemote(nameof(Remote), endpoint, accessKey, secretKey);
        return SetIfGiven(nameof(Remote), Known.RemoteRegion, region);
    }

    /// <summary>Shows the buckets of a scripted remote that the test has started, and disposes itself.</summary>
    public S3OverlayOptions Remote(ScriptedRemote remote)
    {
        ArgumentNullException.ThrowIfNull(remote);
        BeginRemote(nameof(Remote));
        UseScripted(remote);
        return this;
    }

    /// <summary>Shows the buckets of AWS, with the credentials of a profile of the AWS configuration files.</summary>
    /// <param name="profile">The profile.</param>
    /// <param name="region">The region; null for that of the profile.</param>
    public S3OverlayOptions RemoteProfile(string profile, string? region = null)
    {
        BeginRemote(nameof(RemoteProfile));
        Set(nameof(RemoteProfile), Known.RemoteProfile, profile);
        return SetIfGiven(nameof(RemoteProfile), Known.RemoteRegion, region);
    }

    /// <summary>Shows public buckets, with requests that are not signed.</summary>
    /// <param name="endpoint">The URL; null for AWS.</param>
    /// <param name="region">The region; null if any will do.</param>
    public S3OverlayOptions PublicRemote(string? endpoint = null, string? region = null)
    {
        BeginRemote(nameof(PublicRemote));
        Set(nameof(PublicRemote), Known.RemoteAnonymous, "true");
        SetIfGiven(nameof(PublicRemote), Known.RemoteEndpoint, endpoint);
        return SetIfGiven(nameof(PublicRemote), Known.RemoteRegion, region);
    }

    /// <summary>Starts a remote with scripted objects and failures. <see cref="S3OverlayServer.Remote"/> changes it later.</summary>
    /// <param name="script">Adds buckets and objects.</param>
    public S3OverlayOptions ScriptedRemote(Action<ScriptedRemote> script)
    {
        ArgumentNullException.ThrowIfNull(script);
        BeginRemote(nameof(ScriptedRemote));
        Script = script;
        return this;
    }

    /// <summary>Shows a bucket of the remote, or the part of it below a prefix, under another name. Can be called for several.</summary>
    /// <param name="bucket">The name here.</param>
    /// <param name="place">The bucket there, or <c>bucket/prefix</c>.</param>
    public S3OverlayOptions Map(string bucket, string place)
    {
        _mapping.Add($"{bucket}:{place}");
        return Set(nameof(Map), Known.Mapping, string.Join(',', _mapping));
    }

    /// <summary>Caches what is read from the remote. A reset keeps the cache.</summary>
    /// <param name="revalidateAfter">When a cached object is compared with the remote again: zero for at each read, null for never.</param>
    /// <param name="folder">A folder that keeps the cache for the next run; null for one that is deleted at the end.</param>
    public S3OverlayOptions Cache(TimeSpan? revalidateAfter = null, string? folder = null)
    {
        Set(nameof(Cache), Known.CacheEnabled, "true");
        SetIfGiven(nameof(Cache), Known.Revalidate, revalidateAfter switch
        {
            null => null,
            { Ticks: 0 } => "always",
            { } life => string.Create(CultureInfo.InvariantCulture, $"{life.TotalMilliseconds}ms"),
        });
        return SetIfGiven(nameof(Cache), Known.CacheDirectory, folder);
    }

    /// <summary>The keys that clients sign with. Random unless set.</summary>
    public S3OverlayOptions Keys(string accessKey, string secretKey)
    {
        ClientKeys = (accessKey, secretKey);
        return this;
    }

    /// <summary>The port on 127.0.0.1. A free one unless set.</summary>
    public S3OverlayOptions Port(int port)
    {
        ListenPort = port;
        return this;
    }

    /// <summary>Where the temporary folder is created. In the system's unless set.</summary>
    public S3OverlayOptions Folder(string parent)
    {
        ParentFolder = parent;
        return this;
    }

    /// <summary>
    /// The clock: of dates, of the cache, of pauses before another attempt at the remote, and of a scripted remote. On a clock that the
    /// test moves, a pause ends when the test moves it. Signatures are checked by the system's clock, as clients sign by it.
    /// </summary>
    public S3OverlayOptions Time(TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        Clock = time;
        return this;
    }

    /// <summary>Where log messages go. Nowhere unless set.</summary>
    public S3OverlayOptions Logging(ILoggerFactory loggers)
    {
        ArgumentNullException.ThrowIfNull(loggers);
        Loggers = loggers;
        return this;
    }

    /// <summary>Sets any other setting of the proxy by its name, such as <c>S3_OVERLAY_CHUNK_SIZE</c>.</summary>
    /// <exception cref="S3OverlayException">The setting has no meaning here.</exception>
    public S3OverlayOptions Setting(string name, string value)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (ServerSettings.RemedyFor(name) is { } remedy)
        {
            throw new S3OverlayException($"Setting: {name} {remedy}");
        }

        Values[name] = (value, nameof(Setting));
        return this;
    }

    internal void UseScripted(ScriptedRemote remote) =>
        UseRemote(nameof(ScriptedRemote), remote.Endpoint.ToString().TrimEnd('/'), "scripted", "scripted");

    private void UseRemote(string option, string endpoint, string accessKey, string secretKey)
    {
        Set(option, Known.RemoteEndpoint, endpoint);
        Set(option, Known.RemoteAccessKeyId, accessKey);
        Set(option, Known.RemoteSecretAccessKey, secretKey);
    }

    private void BeginRemote(string option) => _remoteOption = _remoteOption is null ? option : throw new S3OverlayException(
        $"{option}: there is a remote already, from {_remoteOption}. Keep one of the two, or describe several remotes with "
        + $"Setting(\"{Known.Remotes.Name}\", ...).");

    private S3OverlayOptions Set(string option, Proxy.Configuration.Setting setting, string value)
    {
        Values[setting.Name] = (value, option);
        return this;
    }

    private S3OverlayOptions SetIfGiven(string option, Proxy.Configuration.Setting setting, string? value) =>
        value is null ? this : Set(option, setting, value);
}
