using S3Overlay.Proxy.Embedded;
using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Embedded.Cache;
using S3Overlay.Proxy.Embedded.Index;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Writes;

namespace S3Overlay.Proxy.Hosting.Layers;

/// <summary>The built-in store as the local layer, and its cache folder.</summary>
internal static class EmbeddedLayer
{
    /// <summary>Opens it.</summary>
    /// <exception cref="StartupException">A folder cannot be used.</exception>
    public static async Task<LocalLayer> OpenAsync(ProxySetup setup)
    {
        var disk = new SharedDisk(setup.Machine.Disk ?? new StoreDisk(setup.Options.Local.IsDurable));
        var store = await OpenStoreAsync(setup, disk);
        setup.Meters.Watch("s3_overlay_tombstones_present", "{tombstone}", "Tombstones there are now.", () => store.Tombstones.Count.Value);
        var service = new EmbeddedService(store);
        var state = new EmbeddedLayerState(store);
        return new LocalLayer
        {
            Service = service,
            Reads = new ResolvedReads(service, state),
            State = state,
            SetsSubResource = EmbeddedService.SetsSubResource,
            Check = _ => store.CheckAsync(),
            Marks = new EmbeddedTombstones(store),
            Cache = setup.Holds ? OpenHeld(setup, disk) : null,
        };
    }

    private static async Task<EmbeddedStore> OpenStoreAsync(ProxySetup setup, StoreDisk disk)
    {
        var local = setup.Options.Local;
        try
        {
            return setup.Opened.Add(await EmbeddedStore.OpenAsync(new EmbeddedOptions
            {
                Folder = local.DataDirectory,
                IsDurable = local.IsDurable,
                Region = local.BucketLocation,
                Time = setup.Time,
                Logger = setup.LoggerOf<EmbeddedStore>(),
                Disk = disk,
            }));
        }
        catch (Exception failure) when (IsAboutFolder(failure))
        {
            throw StartupException.FromOpening(failure, local.DataDirectory);
        }
    }

    private static DiskCacheStore OpenHeld(ProxySetup setup, SharedDisk disk)
    {
        var folder = setup.Options.Cache.Directory;
        try
        {
            var held = setup.Opened.Add(DiskCacheStore.Open(
                folder, setup.LoggerOf<DiskCacheStore>(), setup.Time, setup.Options.Cache.MaxBytes, setup.Machine.Disk
                    ?? new StoreDisk(isDurable: false), setup.Options.Cache.MinFree));
            if (SharedDisk.Has(folder, setup.Options.Local.DataDirectory))
            {
                disk.GivesWay = held.GiveWay;
            }

            setup.Meters.WatchCache(() => held.Bytes, () => held.Evictions);
            return held;
        }
        catch (Exception failure) when (IsAboutFolder(failure))
        {
            throw StartupException.FromOpening(failure, folder, Configuration.Settings.CacheDirectory.Name, "cache");
        }
    }

    private static bool IsAboutFolder(Exception failure) =>
        failure is IOException or UnauthorizedAccessException or StoreUnavailableException or IndexInUseException;
}
