namespace S3Overlay.Proxy.Overlay.Writes;

/// <summary>What the local layer says of an object.</summary>
/// <param name="ETag">With its quotes.</param>
/// <param name="LastModified">When it was written.</param>
public sealed record LocalObject(string ETag, DateTimeOffset LastModified)
{
    /// <summary>Size in bytes.</summary>
    public long Size { get; init; }

    /// <summary>Its version id; null without versions.</summary>
    public string? VersionId { get; init; }

    /// <summary>True if the version is a delete marker.</summary>
    public bool IsDeleteMarker { get; init; }
}
