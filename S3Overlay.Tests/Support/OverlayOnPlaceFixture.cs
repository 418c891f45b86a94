namespace S3Overlay.Tests.Support;

/// <summary>An overlay over an S3 endpoint that keeps whole copies under their own keys in their own buckets.</summary>
public sealed class OverlayOnPlaceFixture : OverlayOnStoreFixture
{
    /// <inheritdoc/>
    protected override (string Name, string Value)[] Settings => [.. base.Settings, ("S3_OVERLAY_CACHE_PLACE", "bucket")];
}
