using S3Overlay.Proxy.Administration;
using S3Overlay.Proxy.Configuration;
using S3Overlay.Proxy.Configuration.Keys;
using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Embedded;
using S3Overlay.Proxy.Embedded.Cache;
using S3Overlay.Proxy.Embedded.Encryption;
using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Embedded.Lifecycle;
using S3Overlay.Proxy.Embedded.Logging;
using S3Overlay.Proxy.Forwarding.BucketCache;
using S3Overlay.Proxy.Forwarding.BucketCache.Spooling;
using S3Overlay.Proxy.Forwarding.Credentials;
using S3Overlay.Proxy.Forwarding.Endpoints;
using S3Overlay.Proxy.Forwarding.PassThrough;
using S3Overlay.Proxy.Forwarding.Remotes;
using S3Overlay.Proxy.Forwarding.Stores;
using S3Overlay.Proxy.FrontDoor;
using S3Overlay.Proxy.Hosting.Diagnosis;
using S3Overlay.Proxy.Hosting.WebConsole;
using S3Overlay.Proxy.Overlay;
using S3Overlay.Proxy.Overlay.Buckets;
using S3Overlay.Proxy.Overlay.Cache;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Reading;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Overlay.Writes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Access;
using S3Overlay.Proxy.Protocol.Authentication;
using S3Overlay.Proxy.Protocol.Buckets;
using S3Overlay.Proxy.Protocol.Lifecycle;
using S3Overlay.Proxy.Telemetry;
using S3Overlay.Proxy.Telemetry.AccessLogs;
using S3Overlay.Proxy.Telemetry.Tails;

namespace S3Overlay.Proxy.Hosting;

/// <summary>Wires everything behind one S3 port. <see cref="OpenAsync"/> is the table of contents; each part has its method.</summary>
/// <remarks>
/// <code>
///   front door -> AdministrationService   what is at /-/v1/
///              -> service = overlay, if there is a remote -> local    the built-in store, or an S3 endpoint
///                                                         -> remotes  S3 endpoints, only ever read
///                         = local alone otherwise
/// </code>
/// </remarks>
internal sealed class Composition(ProxyOptions options, ProxyMeters meters, ILoggerFactory loggers, Machine machine, OpenedParts opened,
    SharedParts? shared = null)
{
    /// <summary>How long a start waits for the store's capabilities. After that, they are still found out in the background.</summary>
    private static readonly TimeSpan ProbePatience = TimeSpan.FromSeconds(5);

    /// <summary>The most bytes of small cache entries that wait in memory for their files (rule C1).</summary>
    private const long UnwrittenCacheBytes = 16 << 20;

    /// <summary>Sent in this proxy's own requests, so that loops are detected.</summary>
    private readonly string _instanceId = shared?.InstanceId ?? Guid.NewGuid().ToString("n");

    private readonly RequestTail _tail = new();
    private readonly SignInLinks _links = new(machine.Time);

    /// <summary>The built-in store, once it is open.</summary>
    private EmbeddedStore? _store;

    /// <summary>Small objects in memory: written ones and cache entries share the room.</summary>
    private HotObjects Hot => field ??= new(options.Cache.MemoryBytes);

    private TimeProvider Time => machine.Time;

    private bool HasCache => options.Remotes.Count > 0 && options.Cache.IsEnabled;

    /// <summary>The region of the local layer's buckets: that in the name of an AWS endpoint, else the setting.</summary>
    private string LocalRegion => EndpointFacts.FirstRegionOf(options.Local.Endpoint, options.Local.Region);

    private OverlaySettings View =>
        OverlaySettings.From(options, options.Local.Endpoint is null ? options.Local.BucketLocation : LocalRegion);

    private CredentialSource LocalKeys
    {
        get
        {
            var keys = new SigningCredentials(options.Local.AccessKey, options.Local.SecretKey, options.Local.SessionToken);
            return _ => new(keys);
        }
    }

    /// <summary>Opens all parts, from the stores up.</summary>
    /// <exception cref="StartupException">A folder cannot be used.</exception>
    public async Task<ProxyServices> OpenAsync()
    {
        var remotes = shared is null ? OpenRemotes() : shared.Remotes;
        var local = options.Local.Endpoint is null ? await OpenBuiltInStoreAsync() : await OpenStoreAsync(remotes?.Buckets);
        var overlay = remotes is null ? null : OpenOverlay(local, remotes);
        var service = overlay?.Service ?? local.Service;
        var lifecycle = _store is null ? null
            : opened.Add(new LifecycleWorker(_store, service, new LifecycleClock(options.Local.LifecycleDay)));
        var logs = _store is null ? null : OpenLogs(_store, service);
        var history = opened.Add(new StatsHistory(meters, Time));
        var status = opened.Add(new ProxyStatus(options, local, remotes, Time));
        var administration = OpenAdministration(local, overlay, history, status);
        var rights = Rights();
        return new ProxyServices(opened)
        {
            FrontDoor = OpenFrontDoor(service, administration, rights, remotes, local, logs),
            Rights = rights,
            History = history,
            Status = status,
            Service = service,
            Local = local,
            Remotes = remotes,
            Overlay = overlay,
            Lifecycle = lifecycle,
            Tail = _tail,
            SignInLinks = _links,
        };
    }

    /// <summary>Opens only what several overlays of one process can share. Each then has a built-in store of its own.</summary>
    /// <exception cref="StartupException">The cache folder cannot be used.</exception>
    public async Task<SharedParts> OpenSharedAsync()
    {
        var remotes = OpenRemotes();
        var cache = HasCache ? await OpenDiskCacheAsync(new CachePins(new MemoryPinStore())) : null;
        return new SharedParts(opened)
        {
            InstanceId = _instanceId,
            Remotes = remotes,
            Cache = cache,
            Reader = remotes is null ? null : OpenReader(cache),
        };
    }

    // ---- The remotes, which are only ever read.

    /// <summary>Null in local-only mode.</summary>
    public ProxyServices.RemoteLayers? OpenRemotes()
    {
        if (options.Remotes.Count == 0)
        {
            return null;
        }

        var rows = new List<(string Bucket, RemoteBucket Place)>();
        var checks = new List<RemoteChecks>();
        IRemote? others = null;
        foreach (var each in options.Remotes)
        {
            var (remote, check) = OpenRemote(each);
            rows.AddRange(each.Mapping.Select(row => (row.Local, new RemoteBucket(remote, row.Remote, row.Prefix, row.LocalPrefix))));
            others ??= each.Unmapped == UnmappedBuckets.Deny ? null : remote;
            checks.Add(check);
        }

        return new ProxyServices.RemoteLayers(others, new RouteTable(rows, others), checks);
    }

    private (S3Remote Remote, RemoteChecks Checks) OpenRemote(RemoteOptions remote)
    {
        var logger = loggers.CreateLogger<S3Remote>();
        var settings = new EndpointSettings
        {
            Role = remote.Role,
            Endpoint = remote.Endpoint,
            Region = remote.Region,
            Addressing = remote.Addressing,
            Make = remote.Make,
            RequestPayer = remote.RequestPayer,
            CaFile = remote.CaFile,
            ConnectTimeout = remote.ConnectTimeout,
            FirstByteTimeout = remote.FirstByteTimeout,
            StallTimeout = remote.StallTimeout,
            MinRate = remote.MinRate,
            Budget = remote.Budget,
            InstanceId = _instanceId,
            Meters = meters.Upstream(remote.Role),
            Connect = machine.Connect,
        };
        var credentials = RemoteCredentials.SourceOf(remote, Time, reason => Log.RemoteCredentialsNotRenewed(logger, remote.Role, reason));
        var client = opened.Add(new S3WireClient(settings, credentials, Time, LogHealth));
        meters.WatchOutage(remote.Role, () => client.IsDown);
        var opening = new S3Remote(settings, client, Time) { Name = remote.Name };
        return (opening, new RemoteChecks(
            remote, new EndpointRequests(settings, client, Time, credentials, opening.Note), credentials, Time));

        void LogHealth(string bucket, bool isDown)
        {
            if (isDown)
            {
                Log.RemoteIsDown(logger, bucket, settings.Name);
            }
            else
            {
                Log.RemoteIsBack(logger, bucket, settings.Name);
            }
        }
    }

    // ---- The built-in store as local layer.

    private async Task<LocalLayer> OpenBuiltInStoreAsync()
    {
        var disk = new SharedDisk(machine.Disk ?? new StoreDisk(options.Local.IsDurable));
        var store = _store = opened.Add(await InFolderAsync(options.Local.DataDirectory, Settings.DataDirectory, "data", () =>
            EmbeddedStore.OpenAsync(new EmbeddedOptions
            {
                Folder = options.Local.DataDirectory,
                IsDurable = options.Local.IsDurable,
                Region = options.Local.BucketLocation,
                Keys = new ServerKeys(options.Local.Encryption.Masters, options.Local.Encryption.Named),
                MayTakePlainKeys = options.Local.MayTakePlainKeys,
                Accounts = new Accounts(options.Clients.Keys.Select(static key => key.Account).OfType<Account>()),
                AccountId = options.Clients.AccountId,
                NewBucketsHaveAcls = options.Local.NewBucketsHaveAcls,
                Time = Time,
                Logger = loggers.CreateLogger<EmbeddedStore>(),
                Disk = disk,
                Hot = Hot,
                LogSegmentSize = machine.LogSegmentSize ?? EmbeddedOptions.UsualLogSegmentSize,
            })));
        meters.Watch("s3_overlay_tombstones_present", "{tombstone}", "Tombstones there are now.", () => store.Tombstones.Count);
        meters.Watch("s3_overlay_lost_files", "{file}", "Object files in lost/, which no row names.", () => store.LostFiles);
        meters.Watch("s3_overlay_memory_cache_bytes", "By", "Bytes of small objects in memory, with what goes with them.", () => Hot.Bytes);
        var service = new EmbeddedService(store);
        var state = new EmbeddedLayerState(store);
        var cache = shared is not null ? shared.Cache : HasCache ? await OpenDiskCacheAsync(await OpenPinsAsync(disk)) : null;
        if (cache is DiskCacheStore evictable && SharedDisk.Has(options.Cache.Directory, options.Local.DataDirectory))
        {
            disk.GivesWay = evictable.GiveWay;
        }

        return new LocalLayer
        {
            Service = service,
            Reads = new ResolvedReads(service, state, new EmbeddedVersions(store)),
            State = state,
            SetsSubResource = EmbeddedService.SetsSubResource,
            CheckSubResource = service.CheckSubResource,
            Check = _ => store.CheckAsync(),
            Marks = new EmbeddedTombstones(store),
            Versions = new EmbeddedVersions(store),
            Changes = new EmbeddedChanges(store),
            CorsOf = bucket => store.Buckets.CorsOf(bucket),
            WebsiteOf = bucket => store.Buckets.Find(bucket)?.Website,
            Access = new EmbeddedAccess(store),
            Cache = cache,
            Pins = (cache as DiskCacheStore)?.Pins,
        };
    }

    private BucketLogs OpenLogs(EmbeddedStore store, IS3Service service)
    {
        var logs = opened.Add(new BucketLogs(store, new LogWriter(store, service), options.Local.LoggingInterval));
        meters.Meter.CreateObservableCounter("s3_overlay_bucket_log_records_lost_total", () => logs.Lost,
            description: "Records of bucket logs that were lost: too many at once, a target that refuses them, or a full disk.");
        return logs;
    }

    private Task<CachePins> OpenPinsAsync(SharedDisk disk) =>
        InFolderAsync(options.Local.DataDirectory, Settings.DataDirectory, "data", async () =>
        {
            var pins = new CachePins(new PinFile(options.Local.DataDirectory, disk, loggers.CreateLogger<DiskCacheStore>()));
            await pins.RefreshAsync(CancellationToken.None);
            return pins;
        });

    private async Task<DiskCacheStore> OpenDiskCacheAsync(CachePins pins)
    {
        var folder = options.Cache.Directory;
        var cache = opened.Add(await InFolderAsync(folder, Settings.CacheDirectory, "cache", () => Task.FromResult(DiskCacheStore.Open(
            folder, loggers.CreateLogger<DiskCacheStore>(), Time, options.Cache.MaxBytes,
            machine.Disk ?? new StoreDisk(isDurable: false), options.Cache.MinFree, pins, Hot, UnwrittenCacheBytes))));
        meters.WatchCache(() => cache.Bytes, () => cache.Evictions);
        return cache;
    }

    private static async Task<T> InFolderAsync<T>(string folder, Setting setting, string what, Func<Task<T>> open)
    {
        try
        {
            return await open();
        }
        catch (Exception failure)
            when (failure is IOException or UnauthorizedAccessException or StoreUnavailableException or FolderInUseException)
        {
            throw StartupException.FromOpening(failure, folder, setting.Name, what);
        }
    }

    // ---- An S3 endpoint as local layer.

    /// <param name="overlaid">Which buckets have a remote; null in local-only mode: nothing of the overlay may show (rule T3).</param>
    private async Task<LocalLayer> OpenStoreAsync(IRemoteBuckets? overlaid)
    {
        MachineChecks.RequireSpool(options.Local.SpoolDirectory);
        var (settings, keys) = (StoreEndpoint(), LocalKeys);
        var client = opened.Add(new S3WireClient(settings, keys, Time));
        var calls = new StoreCalls(settings, client, Time);
        var store = new LocalStore(calls, new StoreSettings
        {
            CacheBucket = options.Cache.Bucket,
            BucketLocation = options.Local.BucketLocation == AwsHosts.DefaultRegion && AwsHosts.IsOne(settings.Address.Host)
                ? LocalRegion
                : options.Local.BucketLocation,
            Proxies = options.Local.Proxies,
            LargestWhole = options.Cache.ChunkThreshold,
            MaxBytes = options.Cache.MaxBytes,
        }, Time);
        var identities = new StoreIdentities(
            keys, calls.Reads, options.Clients.Keys, theirs => new S3Remote(settings, client.As(theirs), Time) { TellsRefusals = true },
            overlaid);
        var probe = await ProbeAsync(store, isOverlaid: overlaid is not null);
        var cache = HasCache ? OpenBucketCache(store, () => probe.Capabilities) : null;
        var showsRemoteOnError = overlaid is not null && options.Local.ReadsThroughOnError;
        var service = opened.Add(new ForwardingService(
            new ForwardingSettings
            {
                Endpoint = settings,
                SpoolDirectory = options.Local.SpoolDirectory,
                SpoolMaxBytes = options.Local.SpoolMaxBytes,
                ReadAnswerTimeout = TimeSpan.FromSeconds(showsRemoteOnError ? 10 : 50),
                SignsForEveryone = options.Clients.Authentication == AuthenticationMode.None,
            },
            identities, client.Facts, () => probe.Capabilities, Time, loggers.CreateLogger<ForwardingService>()));
        var state = new StoreLayerState(store, loggers.CreateLogger<StoreLayerState>());
        var marks = new StoreMarks(store, state, probe);
        var versions = new StoreVersions(store, state.Tombstones, marks, loggers.CreateLogger<StoreVersions>(), state.ListWritten);
        var nulls = new NullVersions(() => probe.Capabilities);
        var endpoint = CheckedEndpoint.Of(options.Local, settings);
        return new LocalLayer
        {
            Service = overlaid is null ? service : new OverlaidStore(service, state, overlaid, nulls, Time),
            Reads = new StoreReads(service, nulls, () => probe.Capabilities, state.IsDeletedAsync, Time, showsRemoteOnError),
            State = state,
            Marks = marks,
            Changes = new StoreChanges(store, state, new StoreReverts(store, state, marks, versions, probe)),
            Conditions = probe,
            Cache = cache,
            Pins = cache?.Pins,
            Versions = versions,
            Identities = identities,
            Make = () => client.Facts.Make,
            KeepsAsync = client.KeepsAsync,
            ChecksChecksums = () => probe.Capabilities is { ChecksChecksums: true },
            Check = cancellationToken => EndpointFindings.ExplainAsync(
                state.PingAsync(cancellationToken, EndpointRequests.Timeout), settings, endpoint),
            Ping = cancellationToken => state.PingAsync(cancellationToken),
        };
    }

    /// <summary>Whether the S3 endpoint of the local layer responds, and accepts the proxy's keys.</summary>
    public EndpointCheck CheckOfStore()
    {
        var (settings, keys) = (StoreEndpoint(), LocalKeys);
        var client = opened.Add(new S3WireClient(settings, keys, Time));
        return new EndpointCheck(new EndpointRequests(settings, client, Time, keys), CheckedEndpoint.Of(options.Local, settings));
    }

    private EndpointSettings StoreEndpoint() => new()
    {
        Role = "local store",
        IsWritable = true,
        Endpoint = options.Local.Endpoint!,
        Region = LocalRegion,
        Addressing = options.Local.Addressing,
        Make = options.Local.Make,
        InstanceId = _instanceId,
        Meters = meters.Upstream("local"),
        Connect = machine.Connect,

        // Node's servers close after 5 seconds, and nginx's default is among the longest.
        IdleTimeout = TimeSpan.FromSeconds(4),
    };

    private async Task<StoreProbe> ProbeAsync(LocalStore store, bool isOverlaid)
    {
        var logger = loggers.CreateLogger<StoreProbe>();
        var check = CheckOfStore();
        var probe = opened.Add(isOverlaid
            ? new StoreProbe(store, keepsBucket: true, logger) { Explain = ExplainAsync }
            : new StoreProbe(new LocalStore(store.Calls, store.Settings with { CacheBucket = StoreProbe.NewBucketName() }, Time),
                keepsBucket: false, logger, store) { Explain = ExplainAsync });
        using var patience = new CancellationTokenSource(ProbePatience, Time);
        await probe.StartAsync(patience.Token);
        return probe;

        async Task<string?> ExplainAsync(CancellationToken cancellationToken) =>
            await check.RunAsync(cancellationToken) is { Verdict: Verdict.Failed } failure ? failure.ToString() : null;
    }

    private BucketCacheStore OpenBucketCache(LocalStore store, Func<StoreCapabilities?> abilities)
    {
        var spool = new SpoolFolder(options.Local.SpoolDirectory, options.Local.SpoolMaxBytes, DescriptorLimit.Quarter);
        var cache = opened.Add(new BucketCacheStore(store, spool, loggers.CreateLogger<BucketCacheStore>(), abilities));
        if (cache.Bytes is not null)
        {
            meters.WatchCache(() => cache.Bytes ?? 0, () => cache.Evictions);
            meters.Watch("s3_overlay_pins_damaged", "", "1 while the pins of the cache cannot be understood; else 0.",
                () => cache.ArePinsDamaged ? 1 : 0);
        }

        meters.Watch("s3_overlay_spool_bytes", "By", "Bytes set aside in the spool for fills under way.", () => spool.Used);
        meters.WatchTotals("s3_overlay_copy_uploads_total", "Uploads of cache entries, or chunks of them, to the local store.", "outcome",
            (Outcomes.Ok, () => cache.Uploads), (Outcomes.Failed, () => cache.UploadFailures));
        meters.WatchTotals("s3_overlay_uncached_reads_total", "Misses that could not be cached.", "reason",
            ("spool full", () => cache.SpoolRefusals));
        return cache;
    }

    // ---- The overlay of the two, and what administrates and serves it.

    private ProxyServices.OverlayLayer OpenOverlay(LocalLayer local, ProxyServices.RemoteLayers remotes)
    {
        var reader = shared?.Reader ?? OpenReader(local.Cache);
        var service = OverlayParts.Service(local, reader, remotes.Buckets, remotes.Others, View, Time,
            loggers.CreateLogger<OverlayService>(), OpenFailover(local), meters);
        meters.Watch("s3_overlay_revalidations_in_progress", "{question}",
            "Checks of cache entries against the remote in progress.", () => reader.Revalidating);
        meters.Watch("s3_overlay_refreshes_in_progress", "{copy}",
            "Copies near the end of their life that are compared with the remote, or fetched anew, while they are served.",
            () => reader.Refreshing);
        return new ProxyServices.OverlayLayer(service, reader);
    }

    private RemoteReader OpenReader(ICacheStore? cache) => opened.Add(
        OverlayParts.Reader(ReadSettings.From(options), cache, Time, loggers.CreateLogger<RemoteReader>(), meters));

    /// <summary>Reads only the remote while the local layer is down, if the settings want that.</summary>
    private LocalFailover? OpenFailover(LocalLayer local)
    {
        if (!options.Local.ReadsThroughOnError || local.Ping is not { } ping)
        {
            return null;
        }

        // No negative cache: this reader does not see writes, so nothing would invalidate it.
        var direct = OverlayParts.Reader(ReadSettings.From(options) with { NegativeLife = TimeSpan.Zero }, null, Time,
            loggers.CreateLogger<RemoteReader>());
        var failover = opened.Add(new LocalFailover(ping, direct, Time, loggers.CreateLogger<LocalFailover>()));
        meters.WatchOutage("local", () => failover.IsOn);
        return failover;
    }

    /// <summary>Without a remote nothing is cached or hidden, but a store may have tombstones of an earlier setup.</summary>
    private AdministrationService OpenAdministration(
        LocalLayer local, ProxyServices.OverlayLayer? overlay, StatsHistory history, ProxyStatus status)
    {
        var parts = new AdministeredParts
        {
            Local = local,
            Service = overlay?.Service ?? local.Service,
            Reader = overlay?.Reader,
            Directory = overlay?.Service.Directory ?? new BucketDirectory(local.State, new RouteTable([], null), View, Time),
            Locks = overlay?.Service.Locks ?? new OverlayLocks(Time),
            Time = Time,
            Warmer = overlay?.Reader.Warmer,
            CacheLimit = options.Cache.MaxBytes,
            LargestPut = machine.LargestPut,
            Tail = _tail,
            Meters = meters,
            History = history,
            Status = status.Read,
            Settings = options.Shown,
            SignInLink = _links.Mint,
        };
        var logger = loggers.CreateLogger<AdministrationService>();
        return new AdministrationService(AdministrationMethods.Of(parts, logger), new TargetCheck(local, parts.Directory), Time, logger);
    }

    private AccessRights Rights() =>
        new(options.Clients.Keys, options.Clients.Authentication == AuthenticationMode.None, options.Clients.ReadableByAll)
        {
            AccountNumber = options.Clients.AccountId,
        };

    private S3FrontDoor OpenFrontDoor(IS3Service service, IS3Service administration, AccessRights rights,
        ProxyServices.RemoteLayers? remotes, LocalLayer local, BucketLogs? logs)
    {
        var clients = options.Clients;
        var isOff = clients.Authentication == AuthenticationMode.None;
        var isPlainProxy = options.Local.Endpoint is not null && remotes is null;
        return new S3FrontDoor(
            Shown(service, clients),
            new AdministrationDoor(administration, new RequestAuthenticator(rights,
                new AuthenticationSettings { Region = clients.Region, AllowsVersion2 = false, AllowsPresigned = false },
                machine.ClientTime)),
            new RequestAuthenticator(rights, new AuthenticationSettings
            {
                Region = clients.Region,
                IsOff = isOff,
                AllowsVersion2 = clients.AllowsVersion2,
                LeavesLifetimes = isPlainProxy,
            }, machine.ClientTime),
            rights,
            new FrontDoorSettings
            {
                Domain = clients.Domain,
                AllowsCrossOrigin = clients.AllowsCrossOrigin,
                Guard = Pipeline.GuardOf(clients),
                InstanceId = _instanceId,
                Time = Time,
                Owners = options.Local.Endpoint is not null && clients.AccountId is null ? null : new ExpectedOwners(clients.AccountId),
                IsForwarded = IsForwarded(remotes),
                StoreKind = local.Make,
                Access = local.Access is { } access && !clients.Hidden.IsEmpty ? new VisibleAccess(access, clients.Hidden) : local.Access,
                IsOverlaid = bucket => remotes?.Buckets.Find(bucket) is not null,
                KeepsRemote = bucket => !options.View.SharesRemote && remotes?.Buckets.Find(bucket) is not null,
                IsKeptByStoreAsync = async (bucket, key, cancellationToken) => await local.KeepsAsync(bucket, key, cancellationToken)
                    || (remotes is not null && await remotes.KeepsAsync(bucket, key, cancellationToken)),
                KnowsTenants = isPlainProxy,
                CorsOf = bucket => clients.Hidden.Hides(bucket) ? null : local.CorsOf(bucket),
                Hidden = clients.Hidden,
                WebsiteDomain = clients.WebsiteDomain ?? "",
                WebsiteOf = bucket => clients.Hidden.Hides(bucket) ? null : local.WebsiteOf(bucket),
                Logs = logs,
                ChecksChecksums = local.ChecksChecksums,
                StoreKnows = caller => local.Identities?.Of(caller) is not null,
            },
            meters,
            loggers.CreateLogger<S3FrontDoor>(),
            _tail,
            OpenAccessLog());
    }

    /// <summary>The service without what is hidden, and with pages for people.</summary>
    private static IS3Service Shown(IS3Service service, ClientOptions clients)
    {
        var visible = clients.Hidden.IsEmpty ? service : new VisibleListings(service, clients.Hidden);
        return clients.PublicPages.Count == 0 ? visible : new PublicPages(visible, clients.PublicPages);
    }

    /// <summary>Whether only the S3 endpoint has a bucket. With a remote, that excludes the list of buckets and the cache bucket.</summary>
    private Func<string, bool> IsForwarded(ProxyServices.RemoteLayers? remotes) => (options.Local.Endpoint, remotes) switch
    {
        (null, _) => static _ => false,
        (_, null) => static _ => true,
        _ => bucket => bucket.Length > 0
            && !bucket.Equals(options.Cache.Bucket, StringComparison.OrdinalIgnoreCase)
            && remotes.Buckets.Find(bucket) is null,
    };

    private AccessLog? OpenAccessLog()
    {
        try
        {
            return options.AccessLog is { } log ? opened.Add(AccessLog.Open(log, meters, loggers.CreateLogger<AccessLog>())) : null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new StartupException(
                $"cannot write the access log {options.AccessLog!.File}: {failure.Message} Set {Settings.AccessLog.Name} to a file "
                + $"that can, to {AccessLogOptions.Console}, or to {AccessLogOptions.Off}.", failure);
        }
    }
}
