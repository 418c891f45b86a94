using S3Overlay.Proxy.Configuration.Keys;
using System.Net;

using S3Overlay.Proxy.Protocol.Access;

namespace S3Overlay.Proxy.Configuration.Options;

/// <summary>Who may send requests, and how.</summary>
public sealed record ClientOptions
{
    /// <summary>The keys clients sign with.</summary>
    public required IReadOnlyList<ClientKey> Keys { get; init; }

    /// <summary>Where the keys come from, for the start-up lines: the well-known default, or the name of a setting (rule A4).</summary>
    public required string KeysOrigin { get; init; }

    /// <summary>Whether one of the keys is the well-known default.</summary>
    public required bool HasDefaultKeys { get; init; }

    /// <summary>Whether clients have to sign.</summary>
    public AuthenticationMode Authentication { get; init; }

    /// <summary>What anyone may read without a signature (rule A3).</summary>
    public IReadOnlyList<BucketRight> ReadableByAll { get; init; } = [];

    /// <summary>Buckets and prefixes that do not exist for clients (rule A8).</summary>
    public HiddenNames Hidden { get; init; } = HiddenNames.None;

    /// <summary>Buckets that people without keys browse as pages.</summary>
    public IReadOnlySet<string> PublicPages { get; init; } = new HashSet<string>();

    /// <summary>Whether the default keys, or no authentication, are allowed beyond localhost.</summary>
    public bool AllowsDefaultKeys { get; init; }

    /// <summary>The domain whose sub-domains are buckets.</summary>
    public string Domain { get; init; } = "";

    /// <summary>The domain whose sub-domains are buckets as websites; null for none.</summary>
    public string? WebsiteDomain { get; init; }

    /// <summary>The reverse proxies whose forwarding headers are trusted.</summary>
    public IReadOnlyList<IPNetwork> TrustedProxies { get; init; } = [];

    /// <summary>The one region signatures may name, or null for any.</summary>
    public string? Region { get; init; }

    /// <summary>The account that owns the buckets; null if none is set.</summary>
    public string? AccountId { get; init; }

    /// <summary>Whether SigV2 signatures are accepted.</summary>
    public bool AllowsVersion2 { get; init; }

    /// <summary>True if anyone who can connect may do everything: with the default keys, or without authentication.</summary>
    public bool IsOpenToAll => HasDefaultKeys || Authentication == AuthenticationMode.None;

    /// <summary>
    /// Host names to accept while <see cref="IsOpenToAll"/>. <c>*.example.com</c> means all names below <c>example.com</c>.
    /// </summary>
    public IReadOnlyList<string> Hosts { get; init; } = [];

    /// <summary>Whether pages of any origin may read.</summary>
    public bool AllowsCrossOrigin { get; init; }
}

/// <summary>Whether clients have to sign.</summary>
public enum AuthenticationMode
{
    /// <summary>Every request is signed with a client key (rule A1).</summary>
    Keys,

    /// <summary>Authentication is off.</summary>
    None,
}
