using S3Overlay.Proxy.Configuration.Values;
using S3Overlay.Proxy.Protocol.Operations;

namespace S3Overlay.Proxy.Configuration.Options;

/// <summary>A remote. It is only read, never written to.</summary>
public sealed record RemoteOptions
{
    /// <summary>Its name in <c>S3_OVERLAY_REMOTES</c>; empty for the remote of <c>S3_OVERLAY_REMOTE_*</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The settings it was read from.</summary>
    internal RemoteSettings Settings { get; init; } = RemoteSettings.Unnamed;

    /// <summary>The setting or connection string that its URL comes from.</summary>
    public string EndpointOrigin { get => field ?? Settings.NameOf(Configuration.Settings.RemoteEndpoint); init; }

    /// <summary>
    /// The setting or connection string that selects the credentials; for the standard AWS chain, the setting that would replace it.
    /// </summary>
    public string KeysOrigin { get => field ?? Settings.NameOf(Configuration.Settings.RemoteAccessKeyId); init; }

    /// <summary>Its URL; null for AWS.</summary>
    public required Uri? Endpoint { get; init; }

    /// <summary>Its region; null if unknown.</summary>
    public string? Region { get; init; }

    /// <summary>How buckets are named in requests to it.</summary>
    public required AddressingStyle Addressing { get; init; }

    /// <summary>Its vendor; null to detect it.</summary>
    public StoreMake? Make { get; init; }

    /// <summary>The access key, or null for the standard AWS chain.</summary>
    public required string? AccessKeyId { get; init; }

    /// <summary>The secret key for it.</summary>
    public required string? SecretAccessKey { get; init; }

    /// <summary>The session token of temporary credentials, or null.</summary>
    public string? SessionToken { get; init; }

    /// <summary>A named profile of the AWS configuration files, or null.</summary>
    public string? Profile { get; init; }

    /// <summary>Whether requests are not signed.</summary>
    public bool IsAnonymous { get; init; }

    /// <summary>Whether to agree to pay for requests.</summary>
    public bool RequestPayer { get; init; }

    /// <summary>A PEM file of authorities, or null for the system's.</summary>
    public string? CaFile { get; init; }

    /// <summary>How long one connection attempt may take.</summary>
    public TimeSpan ConnectTimeout { get; init; }

    /// <summary>How long it may take to start a response.</summary>
    public TimeSpan FirstByteTimeout { get; init; }

    /// <summary>How long a body may stall.</summary>
    public TimeSpan StallTimeout { get; init; }

    /// <summary>The lowest rate of a body in bytes per second, averaged over <see cref="StallTimeout"/>; 0 for any.</summary>
    public long MinRate { get; init; }

    /// <summary>How long requests are retried in total.</summary>
    public TimeSpan Budget { get; init; }

    /// <summary>The mapped buckets and prefixes.</summary>
    public required IReadOnlyList<BucketMapping> Mapping { get; init; }

    /// <summary>Whether it also has the buckets that no mapping names.</summary>
    public required UnmappedBuckets Unmapped { get; init; }

    /// <summary>The remote without its secrets.</summary>
    public override string ToString() => $"{Role} {DisplayName}";

    /// <summary>Its name in messages: <c>remote</c>, or <c>remote</c> and its name.</summary>
    public string Role => Name.Length == 0 ? "remote" : $"remote {Name}";

    /// <summary>Its address in messages.</summary>
    public string DisplayName => Endpoint?.GetLeftPart(UriPartial.Authority) ?? (Region is null ? "AWS" : $"AWS {Region}");
}

/// <summary>How a bucket is named in requests to an S3 endpoint.</summary>
public enum AddressingStyle
{
    /// <summary>
    /// Virtual for the clouds that require it, such as AWS; path for everything else, which needs no wildcard in DNS.
    /// </summary>
    Auto,

    /// <summary><c>https://host/bucket/key</c>.</summary>
    Path,

    /// <summary><c>https://bucket.host/key</c>.</summary>
    Virtual,
}

/// <summary>What happens to buckets that no mapping names (rule B6).</summary>
public enum UnmappedBuckets
{
    /// <summary>They continue on the remote under the same name. They are listed only if they exist locally.</summary>
    SameName,

    /// <summary>The same, and the remote's buckets are listed.</summary>
    Show,

    /// <summary>They are local only.</summary>
    Deny,
}
