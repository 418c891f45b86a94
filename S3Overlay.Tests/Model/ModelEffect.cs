namespace S3Overlay.Tests.Model;

/// <summary>The visible effect of a request.</summary>
internal enum ModelEffect
{
    /// <summary>Nothing; but a copy may be kept.</summary>
    Read,

    /// <summary>The key is written.</summary>
    Written,

    /// <summary>The key is deleted.</summary>
    Deleted,

    /// <summary>The key's delete is taken back.</summary>
    Undeleted,

    /// <summary>The bucket has a local half.</summary>
    BucketMade,

    /// <summary>The bucket is deleted.</summary>
    BucketDeleted,

    /// <summary>The bucket's delete is taken back.</summary>
    BucketShown,
}
