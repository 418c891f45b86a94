using Microsoft.Extensions.Logging.Abstractions;

using S3Overlay.Proxy.Embedded.Held;
using S3Overlay.Proxy.Overlay.Layers;

namespace S3Overlay.Tests.Overlay.Reads;

/// <summary>A folder of copies beside the built-in store.</summary>
internal sealed class HeldFolderPlace(string folder) : IHeldPlace
{
    /// <inheritdoc/>
    public IHeldStore Open(TimeProvider time) => HeldStore.Open(folder, NullLogger<HeldStore>.Instance, time);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
