using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Telemetry.Tails;

/// <summary>A request that was answered, for those who watch.</summary>
public sealed record AnsweredRequest
{
    /// <summary>When it arrived.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>The HTTP method.</summary>
    public required string Method { get; init; }

    /// <summary>The operation.</summary>
    public required S3Operation Operation { get; init; }

    /// <summary>The client's bucket; empty for the service.</summary>
    public required string Bucket { get; init; }

    /// <summary>The key; empty for a bucket.</summary>
    public required string Key { get; init; }

    /// <summary>The status.</summary>
    public required int Status { get; init; }

    /// <summary>The error code; null for none.</summary>
    public required string? Error { get; init; }

    /// <summary>The layer that answered a read of an object (rule T4); null for any other request.</summary>
    public required string? Layer { get; init; }

    /// <summary>The cache result: <c>HIT</c>, <c>MISS</c> ...; null for a local object.</summary>
    public required string? Cache { get; init; }

    /// <summary>Bytes of the response's body.</summary>
    public required long Sent { get; init; }

    /// <summary>Time from the request to the end of the response.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>The ETag of the response; null for none.</summary>
    public required string? ETag { get; init; }

    /// <summary>The bytes of the object that a 206 has; null for all of it.</summary>
    public required ByteRange? Range { get; init; }

    /// <summary>Size of the whole object that a read was about; null if unknown.</summary>
    public required long? Size { get; init; }

    /// <summary>True for a successful read of an object that the remote owns: what another cache would need to answer the same.</summary>
    public bool IsRemoteRead =>
        Operation == S3Operation.GetObject && Status is 200 or 206 && Layer is "cache" or "remote" && ETag is not null;

    /// <summary>The size of the whole object in a Content-Range header; null if it has none.</summary>
    public static long? SizeOf(string? contentRange) => contentRange?.LastIndexOf('/') is >= 0 and var slash
        && WholeNumbers.TryParse(contentRange.AsSpan(slash + 1), out long size) ? size : null;

    /// <summary>The range in a Content-Range header: <c>bytes 0-9/100</c>. Null if there is none.</summary>
    public static ByteRange? RangeOf(string? contentRange)
    {
        const string Unit = "bytes ";
        if (contentRange is null || !contentRange.StartsWith(Unit, StringComparison.Ordinal))
        {
            return null;
        }

        var text = contentRange.AsSpan(Unit.Length);
        var (dash, slash) = (text.IndexOf('-'), text.IndexOf('/'));
        return dash > 0 && slash > dash && WholeNumbers.TryParse(text[..dash], out long first)
            && WholeNumbers.TryParse(text[(dash + 1)..slash], out long last) ? new ByteRange(first, last) : null;
    }
}
