namespace S3Overlay.Tests.Model;

/// <summary>How a bucket is listed.</summary>
internal enum ListingKind
{
    /// <summary>ListObjects.</summary>
    Version1,

    /// <summary>ListObjectsV2.</summary>
    Version2,

    /// <summary>ListObjectVersions: nothing keeps versions here, so that each object is its one version.</summary>
    Versions,
}
