namespace S3Overlay.Testing;

/// <summary>A request that a scripted remote got.</summary>
/// <param name="Method">GET or HEAD; any other is recorded and gets 405.</param>
/// <param name="Bucket">The bucket; empty for the list of buckets.</param>
/// <param name="Key">The key; empty for a request about the bucket, such as a listing.</param>
/// <param name="Query">The query without its question mark.</param>
/// <param name="Headers">The headers, by names of any case.</param>
public sealed record ScriptedRequest(
    string Method, string Bucket, string Key, string Query, IReadOnlyDictionary<string, string> Headers)
{
    private long _bytesSent;

    /// <summary>The status of the response; 0 before it begins.</summary>
    public int Status { get; internal set; }

    /// <summary>Bytes of the response's body that were sent so far.</summary>
    public long BytesSent => Interlocked.Read(ref _bytesSent);

    /// <summary>The Range header; null if there is none.</summary>
    public string? Range => Headers.GetValueOrDefault("Range");

    /// <summary>The request in one line, such as <c>GET photos/a.txt bytes=0-99</c>.</summary>
    public override string ToString() => $"{Method} {Bucket}{(Bucket.Length > 0 && Key.Length > 0 ? "/" : "")}{Key}"
        + $"{(Query.Length > 0 ? "?" : "")}{Query}{(Range is null ? "" : " ")}{Range}";

    internal void AddSent(int bytes) => Interlocked.Add(ref _bytesSent, bytes);
}
