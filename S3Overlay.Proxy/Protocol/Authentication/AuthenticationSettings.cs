namespace S3Overlay.Proxy.Protocol.Authentication;

/// <summary>How requests are authenticated.</summary>
public sealed record AuthenticationSettings
{
    /// <summary>The region that signatures must name, or null to take the one that was signed (rule A1).</summary>
    public string? Region { get; init; }

    /// <summary>
    /// Whether nothing is checked (<c>S3_OVERLAY_AUTH=none</c>): every caller is anonymous, and chunk signatures are taken off unchecked.
    /// </summary>
    public bool IsOff { get; init; }

    /// <summary>Whether signatures of version 2 are taken (<c>S3_OVERLAY_SIGV2</c>).</summary>
    public bool AllowsVersion2 { get; init; } = true;

    /// <summary>Whether the signature may stand in the query, where it works for everyone who gets hold of the link.</summary>
    public bool AllowsPresigned { get; init; } = true;

    /// <summary>How far a client's clock may be off: fifteen minutes, as in S3.</summary>
    public TimeSpan MaxSkew { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>
    /// Whether links that are to live longer than S3 allows, or not at all, are let in once their signature is found right: where a store
    /// behind the door is shown such a link, too, and says what becomes of it.
    /// </summary>
    public bool LeavesLifetimes { get; init; }
}
