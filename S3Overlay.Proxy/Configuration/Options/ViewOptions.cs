namespace S3Overlay.Proxy.Configuration.Options;

/// <summary>What clients see of the two layers.</summary>
public sealed record ViewOptions
{
    /// <summary>What listings show.</summary>
    public required ListingScope Listing { get; init; }

    /// <summary>What a listing does when the remote cannot be listed.</summary>
    public required ListingFailure ListingOnError { get; init; }

    /// <summary>What a delete leaves behind.</summary>
    public required DeleteBehaviour Deletes { get; init; }

    /// <summary>The largest object, in bytes, that is copied up for its sub-resources.</summary>
    public required long CopyUpMax { get; init; }

    /// <summary>What a client gets where the remote says AccessDenied.</summary>
    public required RemoteForbidden RemoteForbidden { get; init; }
}
