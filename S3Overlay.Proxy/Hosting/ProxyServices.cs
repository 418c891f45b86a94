using S3Overlay.Proxy.Administration;
using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.FrontDoor;
using S3Overlay.Proxy.Hosting.Layers;
using S3Overlay.Proxy.Overlay.Administration;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Hosting;

/// <summary>Everything behind one S3 port, put together by the options.</summary>
/// <remarks>
/// <code>
///   FrontDoor -> AdministrationService   what is at /-/v1/
///             -> Service = Overlay, where there is a remote -> Local    the built-in store, or an S3 endpoint
///                                                            -> remote  an S3 endpoint, only ever read
///                        = Local alone otherwise
/// </code>
/// </remarks>
internal sealed class ProxyServices : IAsyncDisposable
{
    private readonly OpenedParts _opened;

    private ProxyServices(ProxySetup setup, LocalLayer local, RemoteLayer? remote)
    {
        _opened = setup.Opened;
        (Local, Remote) = (local, remote);
        Overlay = remote is null ? null : OverlayLayer.Open(setup, local, remote);
        Service = Overlay?.Service ?? local.Service;
        Administration = AdministrationLayer.Open(setup, local, Overlay);
        FrontDoor = FrontDoorSetup.Make(
            setup, Service, new AdministrationService(Administration, setup.Time, setup.LoggerOf<AdministrationService>()), remote, local);
    }

    /// <summary>Where requests come in.</summary>
    public S3FrontDoor FrontDoor { get; }

    /// <summary>The service itself, for whoever in this process puts objects there without a connection.</summary>
    public IS3Service Service { get; }

    /// <summary>The writable layer.</summary>
    public LocalLayer Local { get; }

    /// <summary>The lower layer; null in local-only mode.</summary>
    public RemoteLayer? Remote { get; }

    /// <summary>The overlay; null in local-only mode.</summary>
    public OverlayLayer? Overlay { get; }

    /// <summary>What administrators ask of it.</summary>
    public IOverlayAdministration Administration { get; }

    /// <summary>Opens the layers, and what stands on them.</summary>
    /// <param name="options">The options.</param>
    /// <param name="meters">What is counted.</param>
    /// <param name="loggers">Where it says what goes wrong.</param>
    /// <param name="machine">The machine they are on; null for the one there is.</param>
    /// <exception cref="StartupException">A folder cannot be used.</exception>
    public static async Task<ProxyServices> OpenAsync(ProxyOptions options, ProxyMeters meters, ILoggerFactory loggers,
        Machine? machine = null)
    {
        var opened = new OpenedParts();
        try
        {
            var setup = new ProxySetup(options, meters, loggers, machine ?? new Machine(), opened);
            var remote = RemoteLayer.Open(setup);
            var local = options.Local.Endpoint is { } endpoint
                ? await StoreLayer.OpenAsync(setup, endpoint, remote?.Buckets)
                : await EmbeddedLayer.OpenAsync(setup);
            return new ProxyServices(setup, local, remote);
        }
        catch
        {
            await opened.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _opened.DisposeAsync();
}
