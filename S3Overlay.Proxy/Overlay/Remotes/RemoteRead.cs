using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Remotes;

/// <summary>A GET or HEAD of one remote object.</summary>
/// <param name="Bucket">The remote's bucket.</param>
/// <param name="Key">The remote's key.</param>
public sealed record RemoteRead(string Bucket, string Key)
{
    /// <summary>The Range header to send (<c>bytes=5-9</c>, <c>bytes=5-</c>, <c>bytes=-9</c>), or null for the whole object.</summary>
    public string? Range { get; init; }

    /// <summary>The ETag the response must have, or null for any version.</summary>
    public string? IfMatch { get; init; }

    /// <summary>An ETag that need not be sent again (revalidation), or null.</summary>
    public string? IfNoneMatch { get; init; }

    /// <summary>The query to send (<c>partNumber=2</c>, <c>versionId=...</c>), percent-encoded, or the empty string.</summary>
    public string Query { get; init; } = "";

    /// <summary>True if the request is for one part of the object.</summary>
    public bool NamesPart => Query.StartsWith("partNumber=", StringComparison.Ordinal)
        || Query.Contains("&partNumber=", StringComparison.Ordinal);

    /// <summary>The same request for the whole object or version, without the part number.</summary>
    public RemoteRead WithoutPart() =>
        NamesPart ? this with { Query = string
            .Join('&', Query.Split('&').Where(static item => !item.StartsWith("partNumber=", StringComparison.Ordinal))) } : this;

    /// <summary>More headers to send, such as those of SSE-C.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];

    /// <summary>A range as a header value.</summary>
    internal static string Text(ByteRange range) => FormattableString.Invariant($"bytes={range.First}-{range.Last}");

    /// <summary>A client's range as a header value; null for the whole object.</summary>
    internal static string? Text(RangeHeader? range) => range switch
    {
        { Suffix: { } suffix } => FormattableString.Invariant($"bytes=-{suffix}"),
        { First: { } first, Last: { } last } => FormattableString.Invariant($"bytes={first}-{last}"),
        { First: { } first } => FormattableString.Invariant($"bytes={first}-"),
        _ => null,
    };
}
