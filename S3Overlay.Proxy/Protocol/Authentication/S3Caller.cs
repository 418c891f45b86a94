namespace S3Overlay.Proxy.Protocol.Authentication;

/// <summary>Who sent a request, once its signature was checked.</summary>
/// <param name="AccessKey">The key that signed; the empty string for an anonymous caller.</param>
public sealed record S3Caller(string AccessKey)
{
    /// <summary>The sender of an unsigned request.</summary>
    public static readonly S3Caller Anonymous = new("");

    /// <summary>The overlay itself, for requests to the local layer that no client made.</summary>
    public static readonly S3Caller Overlay = new("") { IsOverlay = true };

    /// <summary>Whether the request was not signed.</summary>
    public bool IsAnonymous => AccessKey.Length == 0 && !IsOverlay;

    /// <summary>Whether the overlay asks for itself.</summary>
    public bool IsOverlay { get; private init; }
}
