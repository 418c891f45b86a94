using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Forwarding.Stores.Placed;

/// <summary>The commit of a write to a key that may have a copy.</summary>
/// <param name="unsettled">Where it began.</param>
/// <param name="name">The key.</param>
/// <param name="held">Keeps the key's copy where it is.</param>
internal sealed class PlacedCommit(UnsettledWrites unsettled, ObjectName name, IDisposable held) : IPlacedCommit
{
    private bool _isRefused;

    /// <inheritdoc/>
    public void Refused() => _isRefused = true;

    /// <inheritdoc/>
    public void Dispose()
    {
        unsettled.End(name, _isRefused);
        held.Dispose();
    }
}
