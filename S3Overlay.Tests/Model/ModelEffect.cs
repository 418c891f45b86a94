namespace S3Overlay.Tests.Model;

internal enum ModelEffect
{
    /// <summary>Nothing, but an entry may be cached.</summary>
    Read,

    Written,

    Deleted,

    /// <summary>The key is undeleted.</summary>
    Undeleted,

    /// <summary>What was written or deleted of the key is gone.</summary>
    Reverted,

    /// <summary>What was written or deleted of the key is at the remote, and gone here.</summary>
    Promoted,

    /// <summary>The bucket has a local half.</summary>
    BucketMade,

    BucketDeleted,

    /// <summary>The bucket is undeleted.</summary>
    BucketShown,
}
