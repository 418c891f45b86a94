namespace S3Overlay.Proxy.Protocol.Authentication;

/// <summary>Who a request comes from, once its signature has been checked.</summary>
/// <param name="AccessKey">The key the request was signed with; the empty string for an anonymous caller.</param>
public sealed record S3Caller(string AccessKey)
{
    /// <summary>A caller that signed nothing.</summary>
    public static readonly S3Caller Anonymous = new("");

    /// <summary>Whether the request was not signed.</summary>
    public bool IsAnonymous => AccessKey.Length == 0;
}
