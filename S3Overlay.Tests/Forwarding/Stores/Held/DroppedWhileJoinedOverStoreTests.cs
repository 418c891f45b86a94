using S3Overlay.Tests.Overlay.Reads;

namespace S3Overlay.Tests.Forwarding.Stores.Held;

/// <summary>The same promises where copies are held on an S3 endpoint.</summary>
public sealed class DroppedWhileJoinedOverStoreTests : DroppedWhileJoinedTests
{
    protected override async Task<IHeldPlace> StartPlaceAsync() => await StoreBench.StartAsync();
}
