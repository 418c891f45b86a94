using S3Overlay.Proxy.Administration.Cache;
using S3Overlay.Proxy.Administration.Explaining;
using S3Overlay.Proxy.Administration.Methods;
using S3Overlay.Proxy.Configuration;
using S3Overlay.Proxy.Overlay.Buckets;
using S3Overlay.Proxy.Overlay.Changes;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Reading;
using S3Overlay.Proxy.Overlay.Writes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Telemetry;
using S3Overlay.Proxy.Telemetry.Tails;

namespace S3Overlay.Proxy.Administration;

/// <summary>The parts of a proxy that methods work on.</summary>
internal sealed record AdministeredParts
{
    public required LocalLayer Local { get; init; }

    /// <summary>Serves clients' requests.</summary>
    public required IS3Service Service { get; init; }

    /// <summary>Reads what the remote owns; null without a remote.</summary>
    public required IRemoteReader? Reader { get; init; }

    public required BucketDirectory Directory { get; init; }

    public required OverlayLocks Locks { get; init; }

    public required TimeProvider Time { get; init; }

    /// <summary>Brings objects into the cache; null while caching is off.</summary>
    public required WarmReads? Warmer { get; init; }

    /// <summary>The limit of the cache in bytes; null for none.</summary>
    public required long? CacheLimit { get; init; }

    /// <summary>The largest object that an import writes with one PUT.</summary>
    public required long LargestPut { get; init; }

    /// <summary>Shows answered requests.</summary>
    public required RequestTail Tail { get; init; }

    /// <summary>Count what the proxy does.</summary>
    public required ProxyMeters Meters { get; init; }

    /// <summary>What it did in the last hour.</summary>
    public required StatsHistory History { get; init; }

    /// <summary>Reads what the proxy is.</summary>
    public required Func<StatusDocument> Status { get; init; }

    /// <summary>Lists all settings with their values.</summary>
    public required Func<IReadOnlyList<ShownSetting>> Settings { get; init; }

    /// <summary>Makes a link that signs a key in to the web console; null without a console.</summary>
    public required Func<string, (Uri Url, DateTimeOffset Ends)?> SignInLink { get; init; }
}

/// <summary>All methods of the administration.</summary>
internal static class AdministrationMethods
{
    /// <summary>The methods on a proxy's parts.</summary>
    public static IReadOnlyList<Method> Of(AdministeredParts parts, ILogger logger)
    {
        var (local, reader) = (parts.Local, parts.Reader);
        var evictions = new Evictions(local.Cache, local.Pins, reader, logger);
        var undeletes = new Undeletes(local, reader, parts.Directory, parts.Locks, evictions);
        var changes = new ChangeReader(local, parts.Directory, logger);
        var reverts = new Reverts(local, reader, parts.Locks, undeletes, changes, new OpenUploads(local.Service), logger);
        var imports = new Imports(local, parts.Service, reader?.Shown, changes, undeletes, parts.LargestPut);
        return
        [
            new ExplainMethod(new Explanations(local, reader, parts.Directory, parts.Time)),
            new StatsMethod(parts.Meters),
            new StatusMethod(parts.Status),
            new HistoryMethod(parts.History),
            new SettingsMethod(parts.Settings),
            new ConsoleMethod(parts.SignInLink),
            new TailMethod(parts.Tail),
            new RecordMethod(parts.Tail),
            .. OfCache(parts, logger),
            new TombstonesMethod(local),
            new EvictMethod(evictions),
            new UndeleteMethod(reverts),
            new ChangesMethod(changes),
            new DiffMethod(changes, local.Changes),
            new OriginalMethod(changes),
            new RevertMethod(reverts),
            new ImportMethod(imports),
            new CompactMethod(new Compaction(local.Marks, parts.Directory, undeletes, parts.Locks, logger)),
        ];
    }

    /// <summary>Methods of the cache. While caching is off, they say so.</summary>
    private static IEnumerable<Method> OfCache(AdministeredParts parts, ILogger logger)
    {
        var (directory, limit, time) = (parts.Directory, parts.CacheLimit, parts.Time);
        var layers = new LayeredListing(parts.Local, parts.Reader, directory, logger);
        var on = parts is { Local: { Cache: { } cache, Pins: { } pins }, Reader: { } reader, Warmer: { } warmer }
            ? (cache, pins, reader, warmer) : default;
        var isOn = on.cache is not null;
        var pinning = isOn ? new Pinning(on.pins, on.cache!, layers, on.reader, directory, limit, time) : null;
        var warming = isOn ? new Warming(parts.Local, on.warmer, layers, on.reader, directory, limit, time) : null;
        return
        [
            new LsMethod(layers),
            new CachedMethod(isOn ? new CachedListing(on.cache!, on.pins, on.reader, directory, time) : null),
            new PinMethod(pinning),
            new UnpinMethod(pinning),
            new PinsMethod(pinning),
            new WarmMethod(warming),
            new ReplayMethod(warming),
        ];
    }
}
