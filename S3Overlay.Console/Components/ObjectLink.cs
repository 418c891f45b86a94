using S3Overlay.WebConsole.Gateway;

namespace S3Overlay.WebConsole.Components;

/// <summary>Links to the page of an object. They carry the key in the query: a browser would change some keys in a path.</summary>
internal static class ObjectLink
{
    /// <summary>The link.</summary>
    public static string Of(string bucket, string key) => "object?" + new ProxyQuery().With("bucket", bucket).With("key", key);
}
