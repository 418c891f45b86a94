namespace S3Overlay.Proxy.Protocol.Authentication;

/// <summary>How requests are authenticated.</summary>
public sealed record AuthenticationSettings
{
    /// <summary>The region that signatures must name (rule A1). Null accepts any.</summary>
    public string? Region { get; init; }

    /// <summary>
    /// Turns authentication off (<c>S3_OVERLAY_AUTH=none</c>): every caller is anonymous, and chunk signatures are removed unchecked.
    /// </summary>
    public bool IsOff { get; init; }

    /// <summary>Whether version 2 signatures are accepted (<c>S3_OVERLAY_SIGV2</c>).</summary>
    public bool AllowsVersion2 { get; init; } = true;

    /// <summary>Whether presigned URLs are accepted. They work for anyone who has the URL.</summary>
    public bool AllowsPresigned { get; init; } = true;

    /// <summary>The most that a client's clock may be off. Fifteen minutes, as in S3.</summary>
    public TimeSpan MaxSkew { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>
    /// Whether presigned URLs with a lifetime that S3 forbids are accepted once their signature is right: the store behind the proxy sees
    /// the lifetime and decides.
    /// </summary>
    public bool LeavesLifetimes { get; init; }
}
