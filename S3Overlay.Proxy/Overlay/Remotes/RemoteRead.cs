namespace S3Overlay.Proxy.Overlay.Remotes;

/// <summary>A GET or HEAD of one remote object.</summary>
/// <param name="Bucket">The remote's bucket.</param>
/// <param name="Key">The remote's key.</param>
public sealed record RemoteRead(string Bucket, string Key)
{
    /// <summary>The Range header to send (<c>bytes=5-9</c>, <c>bytes=5-</c>, <c>bytes=-9</c>), or null for the whole.</summary>
    public string? Range { get; init; }

    /// <summary>The ETag that the answer must be of, or null where any version will do.</summary>
    public string? IfMatch { get; init; }

    /// <summary>An ETag that need not be sent again (revalidation), or null.</summary>
    public string? IfNoneMatch { get; init; }

    /// <summary>The query to send (<c>partNumber=2</c>, <c>versionId=...</c>), percent-encoded, or the empty string.</summary>
    public string Query { get; init; } = "";

    /// <summary>Whether one part of the object is asked for.</summary>
    public bool NamesPart => Query.StartsWith("partNumber=", StringComparison.Ordinal)
        || Query.Contains("&partNumber=", StringComparison.Ordinal);

    /// <summary>The same of the whole object or version, where a part of it is asked for.</summary>
    public RemoteRead WithoutPart() =>
        NamesPart ? this with { Query = string
            .Join('&', Query.Split('&').Where(static item => !item.StartsWith("partNumber=", StringComparison.Ordinal))) } : this;

    /// <summary>Further headers to send, such as those of SSE-C.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];
}
