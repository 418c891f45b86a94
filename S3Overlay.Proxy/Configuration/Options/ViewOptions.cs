namespace S3Overlay.Proxy.Configuration.Options;

/// <summary>What clients see of the two layers.</summary>
public sealed record ViewOptions
{
    /// <summary>What listings show.</summary>
    public ListingScope Listing { get; init; }

    /// <summary>What a listing does when the remote cannot be listed.</summary>
    public ListingFailure ListingOnError { get; init; }

    /// <summary>What a delete leaves behind.</summary>
    public DeleteBehaviour Deletes { get; init; }

    /// <summary>The largest object, in bytes, that is copied up for its sub-resources.</summary>
    public long CopyUpMax { get; init; }

    /// <summary>Whether policies and ACLs of a bucket open the remote's objects too (rule A3).</summary>
    public bool SharesRemote { get; init; }

    /// <summary>What a client gets if the remote responds with AccessDenied.</summary>
    public RemoteForbidden RemoteForbidden { get; init; }
}

/// <summary>What listings show.</summary>
public enum ListingScope
{
    /// <summary>Local and remote as one (rule L1).</summary>
    Merged,

    /// <summary>Only the local layer (rule L3).</summary>
    Local,
}

/// <summary>What a listing does when the remote cannot be listed (rule L4).</summary>
public enum ListingFailure
{
    /// <summary>503, which clients retry.</summary>
    Error,

    /// <summary>Only the local layer, with a header that says so.</summary>
    Local,
}

/// <summary>What a delete leaves behind.</summary>
public enum DeleteBehaviour
{
    /// <summary>A tombstone, which hides the remote's object for good (rule D1).</summary>
    Tombstone,

    /// <summary>Nothing: the object may come back from the remote (rule D2).</summary>
    Local,
}

/// <summary>What a client gets if the remote responds with AccessDenied for an object (table F).</summary>
public enum RemoteForbidden
{
    /// <summary>404, and a warning is logged.</summary>
    NotFound,

    /// <summary>403.</summary>
    Forbidden,
}
