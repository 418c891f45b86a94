using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Tests.Overlay.Listings.Large;

/// <summary>See <see cref="ManyKeysScene"/>: over the built-in store.</summary>
public sealed class ManyKeysOnEmbedded : ManyKeysScene
{
    /// <inheritdoc/>
    protected override Task<Uri?> StartStoreAsync() => Task.FromResult<Uri?>(null);

    /// <inheritdoc/>
    protected override IS3Service LocalService(IS3Service overlay) => overlay;
}
