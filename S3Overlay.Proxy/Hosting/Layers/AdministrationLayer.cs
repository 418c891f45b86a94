using S3Overlay.Proxy.Overlay;
using S3Overlay.Proxy.Overlay.Administration;
using S3Overlay.Proxy.Overlay.Buckets;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Overlay.Writes;

namespace S3Overlay.Proxy.Hosting.Layers;

/// <summary>The administration of whatever layers there are.</summary>
internal static class AdministrationLayer
{
    /// <summary>
    /// Puts it over them. Without a remote nothing is held or hidden, but a store may have tombstones of a time when there was one.
    /// </summary>
    public static OverlayAdministration Open(ProxySetup setup, LocalLayer local, OverlayLayer? overlay) => new(
        local,
        overlay?.Reader,
        overlay?.Service.Directory ?? new BucketDirectory(local.State, new RouteTable([], null), setup.View, setup.Time),
        overlay?.Service.Locks ?? new OverlayLocks(setup.Time),
        setup.Time,
        setup.LoggerOf<OverlayAdministration>());
}
