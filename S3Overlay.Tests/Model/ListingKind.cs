namespace S3Overlay.Tests.Model;

internal enum ListingKind
{
    Version1,

    Version2,

    /// <summary>ListObjectVersions: nothing keeps versions here, so that each object is its one version.</summary>
    Versions,
}
