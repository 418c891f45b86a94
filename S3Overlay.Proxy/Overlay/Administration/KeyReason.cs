namespace S3Overlay.Proxy.Overlay.Administration;

/// <summary>Why clients see of a key what they see.</summary>
public enum KeyReason
{
    /// <summary>It was written here, which outranks everything.</summary>
    Written,

    /// <summary>It was deleted here.</summary>
    Deleted,

    /// <summary>Its bucket was deleted here, which hides all that the remote has in it.</summary>
    BucketDeleted,

    /// <summary>It is the remote's, and held whole.</summary>
    Held,

    /// <summary>It is the remote's, and some of its bytes are held.</summary>
    PartlyHeld,

    /// <summary>It is the remote's, and nothing of it is held.</summary>
    Remote,

    /// <summary>Neither layer has it.</summary>
    Absent,

    /// <summary>The remote decides, and was not asked or did not say.</summary>
    Unknown,
}
