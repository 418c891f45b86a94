namespace S3Overlay.Proxy.Overlay.Administration;

/// <summary>Why clients see what they see of a key.</summary>
public enum KeyReason
{
    /// <summary>Written here, which outranks everything.</summary>
    Written,

    /// <summary>Deleted here.</summary>
    Deleted,

    /// <summary>Its bucket was deleted here, which hides all remote objects in it.</summary>
    BucketDeleted,

    /// <summary>The remote's, and cached whole.</summary>
    Cached,

    /// <summary>The remote's, and cached in part.</summary>
    PartlyCached,

    /// <summary>The remote's, and not cached.</summary>
    Remote,

    /// <summary>Neither layer has it.</summary>
    Absent,

    /// <summary>The remote decides, and was not asked or did not say.</summary>
    Unknown,
}
