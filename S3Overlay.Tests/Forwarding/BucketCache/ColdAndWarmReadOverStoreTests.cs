using S3Overlay.Tests.Overlay.Reading;

namespace S3Overlay.Tests.Forwarding.BucketCache;

/// <summary>The same tests with the cache on an S3 endpoint.</summary>
public sealed class ColdAndWarmReadOverStoreTests : ColdAndWarmReadTests
{
    protected override async Task<ICachePlace> StartPlaceAsync() => await StoreBench.StartAsync();
}
