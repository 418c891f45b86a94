namespace S3Overlay.Tests.Support;

/// <summary>A request that a scripted remote got.</summary>
public sealed record ScriptedRequest(string Method, string RawPath, string RawQuery, string Bucket, string Key, IReadOnlyDictionary<string,
    string> Headers)
{
    /// <summary>The number of body bytes of the response sent so far.</summary>
    public long BytesSent;

    public override string ToString() =>
        $"{Method} {RawPath}{(RawQuery.Length == 0 ? "" : "?" + RawQuery)}"
        + (Headers.TryGetValue("Range", out var range) ? " " + range : "");
}
