using S3Overlay.Proxy.Protocol;
using S3Overlay.Tests.Support.Skipping;

namespace S3Overlay.Tests.Overlay.Listings.Large;

/// <summary>See <see cref="ManyKeysListingTests{TScene}"/>: over the built-in store.</summary>
public sealed class ManyKeysListingTests(ManyKeysOnEmbedded scene) : ManyKeysListingTests<ManyKeysOnEmbedded>(scene);

/// <summary>See <see cref="ManyKeysListingTests{TScene}"/>: over an S3 endpoint.</summary>
[FullRun("the same tests run on the built-in store")]
public sealed class ManyKeysListingTestsOnStore(ManyKeysOnStore scene) : ManyKeysListingTests<ManyKeysOnStore>(scene);

/// <summary>See <see cref="ManyKeysScene"/>: over the built-in store.</summary>
public sealed class ManyKeysOnEmbedded : ManyKeysScene
{
    protected override Task<Uri?> StartStoreAsync() => Task.FromResult<Uri?>(null);

    protected override IS3Service LocalService(IS3Service overlay) => overlay;
}
