using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Tests.Overlay.Reads;

namespace S3Overlay.Tests.Forwarding.Stores.Held;

/// <summary>The same promises where copies are held on an S3 endpoint.</summary>
public sealed class FailingStoreOverStoreTests : FailingStoreTests
{
    private StoreBench _bench = null!;

    public override async Task InitializeAsync()
    {
        _bench = await StoreBench.StartAsync();
        await base.InitializeAsync();
    }

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        await _bench.DisposeAsync();
    }

    protected override IHeldStore OpenStore() => _bench.Open(time: Time);
}
