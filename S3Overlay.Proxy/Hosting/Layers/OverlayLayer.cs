using S3Overlay.Proxy.Overlay;
using S3Overlay.Proxy.Overlay.Cache.Filling;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Reading;

namespace S3Overlay.Proxy.Hosting.Layers;

/// <summary>The overlay: the merged view of a writable layer and a lower one.</summary>
/// <param name="Service">Answers clients' requests.</param>
/// <param name="Reader">Reads what the remote owns, and has the fills under way.</param>
internal sealed record OverlayLayer(OverlayService Service, RemoteReader Reader)
{
    /// <summary>Puts one over the other.</summary>
    public static OverlayLayer Open(ProxySetup setup, LocalLayer local, RemoteLayer remote)
    {
        var settings = ReadSettings.From(setup.Options);
        var reader = setup.Opened
            .Add(new RemoteReader(settings, local.Cache, setup.Time, setup.LoggerOf<RemoteReader>(), setup.Meters.Overlay));
        var service = new OverlayService(
            local,
            reader,
            remote.Buckets,
            remote.Others,
            setup.View,
            setup.Time,
            setup.LoggerOf<OverlayService>(),
            OutageOf(setup, settings, local),
            setup.Meters.Overlay);
        setup.Meters.Watch("s3_overlay_revalidations_in_progress", "{question}",
            "Checks of cache entries against the remote in progress.", () => reader.Revalidating);
        setup.Meters.Watch("s3_overlay_refreshes_in_progress", "{copy}",
            "Copies near the end of their life that are compared with the remote, or fetched anew, while they are served.", () =>
            reader.Refreshing);
        return new OverlayLayer(service, reader);
    }

    /// <summary>What reads the remote alone while local is down, where the settings want that.</summary>
    private static LocalFailover? OutageOf(ProxySetup setup, ReadSettings settings, LocalLayer local)
    {
        if (!setup.Options.Local.ReadsThroughOnError || local.Ping is not { } ping)
        {
            return null;
        }

        // No negative cache: this reader does not see writes, so nothing would invalidate it.
        var direct = new RemoteReader(settings with { Freshness = settings.Freshness with { NegativeLife = TimeSpan.Zero } }, null,
            setup.Time, setup.LoggerOf<RemoteReader>());
        var outage = setup.Opened.Add(new LocalFailover(ping, direct, setup.Time, setup.LoggerOf<LocalFailover>()));
        setup.Meters.WatchOutage("local", () => outage.IsOn);
        return outage;
    }
}
