using S3Overlay.Proxy.Administration;
using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.FrontDoor;
using S3Overlay.Proxy.Hosting.Layers;
using S3Overlay.Proxy.Overlay;
using S3Overlay.Proxy.Overlay.Administration;
using S3Overlay.Proxy.Overlay.Buckets;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Overlay.Writes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Hosting;

/// <summary>Everything behind one S3 port. <see cref="OpenAsync"/> opens the parts, from the stores up.</summary>
/// <remarks>
/// <code>
///   FrontDoor -> AdministrationService   what is at /-/v1/
///             -> Service = Overlay, if there is a remote -> Local    the built-in store, or an S3 endpoint
///                                                        -> remote   an S3 endpoint, only ever read
///                        = Local alone otherwise
/// </code>
/// </remarks>
internal sealed class ProxyServices : IAsyncDisposable
{
    private readonly OpenedParts _opened;

    private ProxyServices(OpenedParts opened) => _opened = opened;

    /// <summary>Where requests arrive.</summary>
    public required S3FrontDoor FrontDoor { get; init; }

    /// <summary>The service itself, to use without a connection.</summary>
    public required IS3Service Service { get; init; }

    /// <summary>The local layer.</summary>
    public required LocalLayer Local { get; init; }

    /// <summary>The remotes; null in local-only mode.</summary>
    public required RemoteLayer? Remote { get; init; }

    /// <summary>The overlay; null in local-only mode.</summary>
    public required OverlayLayer? Overlay { get; init; }

    /// <summary>The administration of these layers.</summary>
    public required IOverlayAdministration Administration { get; init; }

    /// <summary>Opens all parts.</summary>
    /// <exception cref="StartupException">A folder cannot be used.</exception>
    public static async Task<ProxyServices> OpenAsync(
        ProxyOptions options, ProxyMeters meters, ILoggerFactory loggers, Machine? machine = null)
    {
        var opened = new OpenedParts();
        try
        {
            var setup = new ProxySetup(options, meters, loggers, machine ?? new Machine(), opened);

            // 1 The remotes, which are only ever read.
            var remote = RemoteLayer.Open(setup);

            // 2 The local layer: an S3 endpoint, or the built-in store.
            var local = options.Local.Endpoint is { } endpoint
                ? await StoreLayer.OpenAsync(setup, endpoint, remote?.Buckets)
                : await EmbeddedLayer.OpenAsync(setup);

            // 3 The overlay of the two. Without a remote, the local layer serves alone.
            var overlay = remote is null ? null : OverlayLayer.Open(setup, local, remote);
            var service = overlay?.Service ?? local.Service;

            // 4 Administration of these layers.
            var administration = OpenAdministration(setup, local, overlay);

            // 5 The front door: authentication, rights, and the way to the service.
            var calls = new AdministrationService(administration, setup.Time, setup.LoggerOf<AdministrationService>());
            return new ProxyServices(opened)
            {
                FrontDoor = FrontDoorSetup.Make(setup, service, calls, remote, local),
                Service = service,
                Local = local,
                Remote = remote,
                Overlay = overlay,
                Administration = administration,
            };
        }
        catch
        {
            await opened.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _opened.DisposeAsync();

    /// <summary>Without a remote nothing is cached or hidden, but a store may have tombstones of an earlier setup.</summary>
    private static OverlayAdministration OpenAdministration(ProxySetup setup, LocalLayer local, OverlayLayer? overlay) => new(
        local,
        overlay?.Reader,
        overlay?.Service.Directory ?? new BucketDirectory(local.State, new RouteTable([], null), setup.View, setup.Time),
        overlay?.Service.Locks ?? new OverlayLocks(setup.Time),
        setup.Time,
        setup.LoggerOf<OverlayAdministration>());
}
