namespace S3Overlay.Proxy.Configuration.Options;

/// <summary>What becomes of buckets that no mapping names (rule B6).</summary>
public enum UnmappedBuckets
{
    /// <summary>They continue on the remote under their own name, and are not listed unless they are local too.</summary>
    SameName,

    /// <summary>The same, and the remote's buckets are listed.</summary>
    Show,

    /// <summary>They are local only.</summary>
    Deny,
}
