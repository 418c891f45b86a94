using Microsoft.Extensions.Logging.Abstractions;

using S3Overlay.Proxy.Embedded.Cache;
using S3Overlay.Proxy.Overlay.Layers;

namespace S3Overlay.Tests.Overlay.Reading;

/// <summary>A folder of copies beside the built-in store.</summary>
internal sealed class HeldFolderPlace(string folder) : IHeldPlace
{
    /// <inheritdoc/>
    public ICacheStore Open(TimeProvider time) => DiskCacheStore.Open(folder, NullLogger<DiskCacheStore>.Instance, time);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
