using S3Overlay.Proxy.Protocol;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Listings.Large;

/// <summary>See <see cref="ManyKeysScene"/>: over an S3 endpoint, into which written objects are put as any client of it would.</summary>
public sealed class ManyKeysOnStore : ManyKeysScene
{
    private StoreServer _store = null!;

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        await _store.DisposeAsync();
    }

    protected override async Task<Uri?> StartStoreAsync() => (_store = await StoreServer.StartAsync()).Endpoint;

    protected override IS3Service LocalService(IS3Service overlay) => _store.Service;
}
