namespace S3Overlay.Proxy.Protocol.Authentication;

/// <summary>Who a request comes from, once its signature has been checked.</summary>
/// <param name="AccessKey">The key the request was signed with; the empty string for an anonymous caller.</param>
public sealed record S3Caller(string AccessKey)
{
    /// <summary>A caller that signed nothing.</summary>
    public static readonly S3Caller Anonymous = new("");

    /// <summary>The overlay itself: what it asks of local on its own account is no client's, whoever is waiting for it.</summary>
    public static readonly S3Caller Overlay = new("") { IsOverlay = true };

    /// <summary>Whether the request was not signed.</summary>
    public bool IsAnonymous => AccessKey.Length == 0 && !IsOverlay;

    /// <summary>Whether the overlay asks on its own account.</summary>
    public bool IsOverlay { get; private init; }
}
