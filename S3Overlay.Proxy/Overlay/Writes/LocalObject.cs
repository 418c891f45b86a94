namespace S3Overlay.Proxy.Overlay.Writes;

/// <summary>What local says of an object it has.</summary>
/// <param name="ETag">With its quotes.</param>
/// <param name="LastModified">When it was written.</param>
public sealed record LocalObject(string ETag, DateTimeOffset LastModified)
{
    /// <summary>Bytes.</summary>
    public long Size { get; init; }

    /// <summary>Its version, where local has versions.</summary>
    public string? VersionId { get; init; }

    /// <summary>Whether the version named is a delete marker.</summary>
    public bool IsDeleteMarker { get; init; }
}
