using S3Overlay.Tests.Overlay.Reading;
using S3Overlay.Tests.Races;

namespace S3Overlay.Tests.Forwarding.BucketCache;

/// <summary>The same promises with the cache on an S3 endpoint.</summary>
public sealed class ManyReadersOverStoreTests : ManyReadersTests
{
    protected override async Task<ICachePlace> StartPlaceAsync() => await StoreBench.StartAsync();
}
