using S3Overlay.Proxy.Configuration;
using S3Overlay.Proxy.Configuration.Keys;
using S3Overlay.Proxy.Embedded;
using S3Overlay.Proxy.Embedded.Held;
using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Embedded.Index;
using S3Overlay.Proxy.Forwarding;
using S3Overlay.Proxy.Forwarding.PassThrough;
using S3Overlay.Proxy.Forwarding.Stores;
using S3Overlay.Proxy.Forwarding.Stores.Held;
using S3Overlay.Proxy.Forwarding.Stores.Placed;
using S3Overlay.Proxy.Overlay;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Reads;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Overlay.Writes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Authentication;
using S3Overlay.Proxy.Protocol.FrontDoor;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Hosting;

/// <summary>
/// Everything behind one S3 port, put together by the options: the store, the overlay around it where there is a remote, the front door before both.
/// </summary>
internal sealed class ProxyServices : IAsyncDisposable
{
    /// <summary>How long a start waits for a store to say what it can do. Asking goes on without it.</summary>
    private static readonly TimeSpan ProbePatience = TimeSpan.FromSeconds(5);

    /// <summary>What is to be closed, in the order it was opened.</summary>
    private readonly List<object> _opened = [];

    private readonly TimeProvider _time;

    private ProxyServices(TimeProvider time) => _time = time;

    /// <summary>What is held over an S3 endpoint, for whoever waits until it is there; null where there is none.</summary>
    public StoreHeldStore? Held { get; private set; }

    /// <summary>Where requests come in.</summary>
    public S3FrontDoor FrontDoor { get; private set; } = null!;

    /// <summary>The service itself, for whoever in this process puts objects there without a connection.</summary>
    public IS3Service Service { get; private set; } = null!;

    /// <summary>The fills under way; null while nothing is held.</summary>
    internal Fills? Fills => _opened.OfType<RemoteReader>().FirstOrDefault()?.Fills;

    /// <summary>Copies in an S3 store; null where they are elsewhere, or nothing is held.</summary>
    internal StoreHeldStore? HeldInStore => _opened.OfType<StoreHeldStore>().FirstOrDefault();

    /// <summary>Opens the store, and what stands on it.</summary>
    /// <param name="options">The options.</param>
    /// <param name="meters">What is counted.</param>
    /// <param name="loggers">Where it says what goes wrong.</param>
    /// <param name="time">The clock; null for the system's.</param>
    /// <exception cref="StartupException">A folder cannot be used.</exception>
    public static async Task<ProxyServices> OpenAsync(ProxyOptions options, ProxyMeters meters, ILoggerFactory loggers, TimeProvider? time = null)
    {
        var services = new ProxyServices(time ?? TimeProvider.System);
        var folder = options.Local.DataDirectory;
        try
        {
            var instance = Guid.NewGuid().ToString("n");
            var remotes = options.Remote is { } remote ? services.OpenRemote(options, remote, instance) : null;
            var local = options.Local.Endpoint is { } endpoint
                ? await services.OpenStoreAsync(options, endpoint, remotes?.Buckets, instance, loggers)
                : await services.OpenEmbeddedAsync(options, loggers, at => folder = at);
            services.Service = remotes is null ? local.Service : services.Overlay(options, local, remotes, loggers);
            services.FrontDoor = new S3FrontDoor(
                services.Service,
                services.Authenticator(options.Clients),
                Rights(options.Clients),
                FrontDoorOf(options, instance, remotes),
                meters,
                loggers.CreateLogger<S3FrontDoor>());
            return services;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or StoreUnavailableException or IndexInUseException)
        {
            await services.DisposeAsync();
            throw StartupException.FromOpening(failure, folder);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var part in Enumerable.Reverse(_opened))
        {
            switch (part)
            {
                case IAsyncDisposable closing:
                    await closing.DisposeAsync();
                    break;
                case IDisposable closing:
                    closing.Dispose();
                    break;
            }
        }
    }

    /// <summary>The built-in store, and the folder of held copies beside it.</summary>
    /// <param name="options">The options.</param>
    /// <param name="loggers">Where it says what goes wrong.</param>
    /// <param name="at">Is told which folder is being opened, for the message of a failure.</param>
    private async Task<LocalLayer> OpenEmbeddedAsync(ProxyOptions options, ILoggerFactory loggers, Action<string> at)
    {
        var store = await EmbeddedStore.OpenAsync(new EmbeddedOptions
        {
            Folder = options.Local.DataDirectory,
            IsDurable = options.Local.IsDurable,
            Region = options.Local.BucketLocation,
            Logger = loggers.CreateLogger<EmbeddedStore>(),
        });
        _opened.Add(store);
        HeldStore? held = null;
        if (options.Remote is not null && options.Cache.IsEnabled)
        {
            at(options.Cache.Directory);
            held = HeldStore.Open(options.Cache.Directory, _time, loggers.CreateLogger<HeldStore>());
            _opened.Add(held);
        }

        var service = new EmbeddedService(store);
        var state = new EmbeddedLayerState(store);
        return new LocalLayer(service, new ResolvedReads(service, state), state, held, null);
    }

    /// <summary>An S3 endpoint in place of the built-in store.</summary>
    private async Task<LocalLayer> OpenStoreAsync(ProxyOptions options, Uri endpoint, IRemoteBuckets? overlaid, string instance, ILoggerFactory loggers)
    {
        var local = options.Local;
        var settings = new EndpointSettings
        {
            Role = "local store",
            IsWritable = true,
            Endpoint = endpoint,
            Region = local.Region,
            InstanceId = instance,

            // Node's servers close after 5 seconds, and nginx's default is among the longest.
            IdleTimeout = TimeSpan.FromSeconds(4),
        };
        var keys = new FixedCredentials(new SigningCredentials(local.AccessKey, local.SecretKey, local.SessionToken));
        var forwarding = new ForwardingSettings
        {
            Endpoint = settings,
            SpoolDirectory = local.SpoolDirectory,
            ReadAnswerTimeout = TimeSpan.FromSeconds(local.ReadsThroughOnError && overlaid is not null ? 10 : 50),
            SignsForEveryone = options.Clients.Authentication == AuthenticationMode.None,
        };
        var client = new S3WireClient(settings, keys, _time);
        _opened.Add(client);
        var calls = new StoreCalls(settings, client, _time);
        var isOverlaid = overlaid is not null;
        var own = new StoreSettings { CacheBucket = options.Cache.Bucket, BucketLocation = local.BucketLocation, Proxies = local.Proxies };
        var probe = new StoreProbe(
            calls, isOverlaid ? own : own with { CacheBucket = StoreProbe.NewBucketName() }, isOverlaid, _time, loggers.CreateLogger<StoreProbe>());
        _opened.Add(probe);
        using (var patience = new CancellationTokenSource(ProbePatience))
        {
            await probe.StartAsync(patience.Token);
        }

        var service = new ForwardingService(
            forwarding, keys, () => probe.Capabilities is { TakesTrailers: true }, _time, loggers.CreateLogger<ForwardingService>());
        _opened.Add(service);
        var placed = isOverlaid && options.Cache.Place == CachePlace.Bucket
            ? new PlacedCopies(calls, probe, own, _time, loggers.CreateLogger<PlacedCopies>())
            : null;
        var state = new StoreLayerState(calls, own, _time, loggers.CreateLogger<StoreLayerState>(), placed);
        StoreHeldStore? held = null;
        if (options.Remote is not null && options.Cache.IsEnabled)
        {
            held = new StoreHeldStore(
                calls, own, new SpoolFolder(local.SpoolDirectory, local.SpoolMaxBytes), _time, loggers.CreateLogger<StoreHeldStore>(), placed)
            {
                LargestWhole = options.Cache.ChunkThreshold,
            };
            _opened.Add(held);
            Held = held;
        }

        return new LocalLayer(
            overlaid is null ? service : new BucketWatch(service, state, overlaid, _time),
            new StoreReads(service, state.IsDeletedAsync, _time, isOverlaid && local.ReadsThroughOnError, placed),
            state,
            held,
            probe)
        {
            Placed = placed,
        };
    }

    private Remotes OpenRemote(ProxyOptions options, RemoteOptions remote, string instance)
    {
        var settings = SettingsOf(remote, instance);
        var client = new S3WireClient(settings, CredentialsOf(remote), _time);
        _opened.Add(client);
        var origin = new S3Remote(settings, client, _time);
        return new Remotes(origin, new MappedBuckets(origin, remote.Mapping, remote.Unmapped), options.Cache.Bucket);
    }

    private OverlayService Overlay(ProxyOptions options, LocalLayer local, Remotes remotes, ILoggerFactory loggers)
    {
        var reader = new RemoteReader(ReadsOf(options), local.Held, _time, loggers.CreateLogger<RemoteReader>());
        _opened.Add(reader);
        return new OverlayService(
            local.Service,
            local.Reads,
            local.State,
            local.Held,
            reader,
            remotes.Buckets,
            remotes.Origin,
            OverlaySettings.From(options),
            _time,
            loggers.CreateLogger<OverlayService>(),
            local.Conditions,
            OutageOf(options, local, loggers),
            local.Placed);
    }

    /// <summary>What reads the remote alone while a local endpoint is down, where the settings want that.</summary>
    private LocalOutage? OutageOf(ProxyOptions options, LocalLayer local, ILoggerFactory loggers)
    {
        if (!options.Local.ReadsThroughOnError || local.State is not StoreLayerState store)
        {
            return null;
        }

        var direct = new RemoteReader(ReadsOf(options), null, _time, loggers.CreateLogger<RemoteReader>());
        var outage = new LocalOutage(store.PingAsync, direct, _time, loggers.CreateLogger<LocalOutage>());
        _opened.Add(outage);
        return outage;
    }

    private static EndpointSettings SettingsOf(RemoteOptions remote, string instance) => new()
    {
        Endpoint = remote.Endpoint,
        Region = remote.Region,
        Addressing = remote.Addressing,
        RequestPayer = remote.RequestPayer,
        CaFile = remote.CaFile,
        ConnectTimeout = remote.ConnectTimeout,
        FirstByteTimeout = remote.FirstByteTimeout,
        StallTimeout = remote.StallTimeout,
        Budget = remote.Budget,
        InstanceId = instance,
    };

    private static ICredentialSource CredentialsOf(RemoteOptions remote) => remote switch
    {
        { IsAnonymous: true } => new FixedCredentials(null),
        { AccessKeyId: { } key, SecretAccessKey: { } secret } => new FixedCredentials(new SigningCredentials(key, secret, remote.SessionToken)),
        _ => new AwsCredentialChain(remote.Profile),
    };

    private static ReadSettings ReadsOf(ProxyOptions options) => new()
    {
        CacheEnabled = options.Cache.IsEnabled,
        ChunkThreshold = options.Cache.ChunkThreshold,
        ChunkSize = options.Cache.ChunkSize,
        FillOnLeave = options.Cache.FillOnLeave,
        ReadAheadBytes = options.Cache.ReadAheadBytes,
        RemoteForbidden = options.View.RemoteForbidden,
    };

    private RequestAuthenticator Authenticator(ClientOptions clients) => new(
        new ClientKeyRing(clients.Keys),
        new AuthenticationSettings { Region = clients.Region, IsOff = clients.Authentication == AuthenticationMode.None, AllowsVersion2 = clients.AllowsVersion2 },
        _time);

    private static AccessRights Rights(ClientOptions clients) => new(clients.Keys, clients.Authentication == AuthenticationMode.None);

    private static FrontDoorSettings FrontDoorOf(ProxyOptions options, string instance, Remotes? remotes) => new()
    {
        Domain = options.Clients.Domain,
        AllowsCrossOrigin = options.Clients.AllowsCrossOrigin,
        InstanceId = instance,
        IsForwarded = options.Local.Endpoint is null ? static _ => false
            : remotes is null ? static _ => true
            : remotes.IsNotBelow,
    };

    /// <summary>The writable layer, whichever it is.</summary>
    private sealed record LocalLayer(IS3Service Service, IWrittenReads Reads, ILayerState State, IHeldStore? Held, ILocalConditions? Conditions)
    {
        /// <summary>Copies among its objects; null where there are none.</summary>
        public IPlacedCopies? Placed { get; init; }
    }

    /// <summary>The lower layer.</summary>
    private sealed record Remotes(IRemote Origin, IRemoteBuckets Buckets, string CacheBucket)
    {
        /// <summary>Whether a bucket is local's alone. The service's own list of buckets, and the overlay's own bucket, are not.</summary>
        public bool IsNotBelow(string bucket) =>
            bucket.Length > 0 && !bucket.Equals(CacheBucket, StringComparison.OrdinalIgnoreCase) && Buckets.Find(bucket) is null;
    }
}
