using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Forwarding.Endpoints;
using S3Overlay.Proxy.Forwarding.PassThrough;
using S3Overlay.Proxy.Forwarding.Remotes;
using S3Overlay.Proxy.Forwarding.Stores;
using S3Overlay.Proxy.Forwarding.BucketCache;
using S3Overlay.Proxy.Forwarding.BucketCache.Spooling;
using S3Overlay.Proxy.Forwarding.Wire;
using S3Overlay.Proxy.Hosting.Diagnosis;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Authentication;
using S3Overlay.Proxy.Protocol.Buckets;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Hosting.Layers;

/// <summary>An S3 endpoint as the writable layer, in place of the built-in store.</summary>
internal static class StoreLayer
{
    /// <summary>How long a start waits for the store to say what it can do. Asking goes on without it.</summary>
    private static readonly TimeSpan ProbePatience = TimeSpan.FromSeconds(5);

    /// <summary>Opens it.</summary>
    /// <param name="setup">What it is put together from.</param>
    /// <param name="endpoint">Where the store is.</param>
    /// <param name="overlaid">Which buckets have a remote; null in local-only mode, where nothing of the overlay may show (rule
    /// T3).</param>
    public static async Task<LocalLayer> OpenAsync(ProxySetup setup, Uri endpoint, IRemoteBuckets? overlaid)
    {
        var (options, time) = (setup.Options, setup.Time);
        TrySpool(options.Local.SpoolDirectory);
        var settings = EndpointOf(setup, endpoint);
        var keys = new FixedCredentials(
            new SigningCredentials(options.Local.AccessKey, options.Local.SecretKey, options.Local.SessionToken));
        var client = setup.Opened.Add(new S3WireClient(settings, keys, time));
        var calls = new StoreCalls(settings, client, time);
        var store = new LocalStore(calls, OwnOf(setup, endpoint), time);
        var identities = new StoreIdentities(
            keys, calls.Reads, options.Clients.Keys, theirs => new S3Remote(settings, client.As(theirs), time) { TellsRefusals = true },
            overlaid);
        var probe = await ProbeAsync(setup, store, isOverlaid: overlaid is not null);
        var showsRemoteOnError = overlaid is not null && options.Local.ReadsThroughOnError;
        var service = setup.Opened.Add(new ForwardingService(
            ForwardingOf(options, settings, showsRemoteOnError),
            identities,
            client.Regions,
            () => probe.Capabilities,
            client.Make,
            time,
            setup.LoggerOf<ForwardingService>()));
        var state = new StoreLayerState(store, setup.LoggerOf<StoreLayerState>());
        var marks = new StoreMarks(store, state, probe);
        var nulls = new NullVersions(() => probe.Capabilities);
        return new LocalLayer
        {
            Service = overlaid is null ? service
                : new OverlaidStore(service, new BucketWatch(service, state, overlaid), overlaid, nulls, time),
            Reads = new StoreReads(service, nulls, () => probe.Capabilities, state.IsDeletedAsync, time, showsRemoteOnError),
            State = state,
            Marks = marks,
            Conditions = probe,
            Cache = setup.Holds ? OpenHeld(setup, store, () => probe.Capabilities) : null,
            Versions = new StoreVersions(store, state.Tombstones, marks, setup.LoggerOf<StoreVersions>(), state.ListWritten),
            Identities = identities,
            Make = () => client.Make.Known,
            KeepsAsync = client.KeepsAsync,
            ChecksChecksums = () => probe.Capabilities is { ChecksChecksums: true },
            Check = cancellationToken => CheckAsync(state, settings, CheckedEndpoint.Of(options.Local, settings), cancellationToken),
            Ping = cancellationToken => state.PingAsync(cancellationToken),
        };
    }

    /// <summary>Whether the store answers, and accepts the proxy's keys.</summary>
    /// <param name="setup">What it is put together from.</param>
    /// <param name="endpoint">Where the store is.</param>
    public static EndpointCheck CheckOf(ProxySetup setup, Uri endpoint)
    {
        var (settings, local) = (EndpointOf(setup, endpoint), setup.Options.Local);
        var keys = new FixedCredentials(new SigningCredentials(local.AccessKey, local.SecretKey, local.SessionToken));
        var client = setup.Opened.Add(new S3WireClient(settings, keys, setup.Time));
        return new EndpointCheck(new EndpointQuestions(settings, client, setup.Time, keys), CheckedEndpoint.Of(local, settings));
    }

    /// <summary>Sends the store one request, within the time limit of a health check. Reports the last failure.</summary>
    /// <exception cref="RemoteException">It does not answer; says why, and what to do.</exception>
    private static async Task CheckAsync(StoreLayerState state, EndpointSettings settings, CheckedEndpoint endpoint,
        CancellationToken cancellationToken)
    {
        try
        {
            await state.PingAsync(cancellationToken, EndpointQuestions.Timeout);
        }
        catch (S3Exception failure) when (failure.InnerException is RemoteException cause)
        {
            throw new RemoteException(cause.Failure, EndpointFindings.Of(cause, settings, endpoint), cause);
        }
    }

    /// <summary>Checks the folder now: otherwise fills and uploads would fail much later.</summary>
    /// <exception cref="StartupException">It cannot.</exception>
    private static void TrySpool(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder);
            using var trial = new FileStream(
                Path.Combine(folder, Path.GetRandomFileName()), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, 1,
                FileOptions.DeleteOnClose);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw StartupException.FromSpool(failure, folder);
        }
    }

    private static async Task<StoreProbe> ProbeAsync(ProxySetup setup, LocalStore store, bool isOverlaid)
    {
        var logger = setup.LoggerOf<StoreProbe>();
        var check = CheckOf(setup, setup.Options.Local.Endpoint!);
        async Task<string?> ExplainAsync(CancellationToken cancellationToken) =>
            await check.RunAsync(cancellationToken) is { Verdict: Verdict.Failed } failure ? failure.ToString() : null;
        var probe = setup.Opened.Add(isOverlaid
            ? new StoreProbe(store, keepsBucket: true, logger) { Explain = ExplainAsync }
            : new StoreProbe(new LocalStore(store.Calls, store.Settings with { CacheBucket = StoreProbe.NewBucketName() }, setup.Time),
                keepsBucket: false, logger, store) { Explain = ExplainAsync });
        using var patience = new CancellationTokenSource(ProbePatience, setup.Time);
        await probe.StartAsync(patience.Token);
        return probe;
    }

    private static BucketCacheStore OpenHeld(ProxySetup setup, LocalStore store, Func<StoreCapabilities?> abilities)
    {
        var local = setup.Options.Local;
        var spool = new SpoolFolder(local.SpoolDirectory, local.SpoolMaxBytes);
        var held = setup.Opened.Add(new BucketCacheStore(store, spool, setup.LoggerOf<BucketCacheStore>(), abilities));
        if (held.Bytes is not null)
        {
            setup.Meters.WatchCache(() => held.Bytes ?? 0, () => held.Evictions);
        }

        setup.Meters.Watch("s3_overlay_spool_bytes", "By", "Bytes set aside in the spool for fills under way.", () => spool.Used);
        setup.Meters.WatchTotals(
            "s3_overlay_copy_uploads_total",
            "Uploads of cache entries, or chunks of them, to the local store.",
            "outcome",
            (Outcomes.Ok, () => held.Uploads),
            (Outcomes.Failed, () => held.UploadFailures));
        setup.Meters.WatchTotals(
            "s3_overlay_uncached_reads_total", "Misses that could not be cached.", "reason", ("spool full", () => held.SpoolRefusals));
        return held;
    }

    private static EndpointSettings EndpointOf(ProxySetup setup, Uri endpoint) => new()
    {
        Role = "local store",
        IsWritable = true,
        Endpoint = endpoint,
        Region = setup.LocalRegion,
        Addressing = setup.Options.Local.Addressing,
        Make = setup.Options.Local.Make,
        InstanceId = setup.InstanceId,
        Meters = setup.Meters.Upstream("local"),
        Connect = setup.Machine.Connect,

        // Node's servers close after 5 seconds, and nginx's default is among the longest.
        IdleTimeout = TimeSpan.FromSeconds(4),
    };

    private static StoreSettings OwnOf(ProxySetup setup, Uri endpoint) => new()
    {
        CacheBucket = setup.Options.Cache.Bucket,
        BucketLocation = setup.Options.Local.BucketLocation == AwsHosts.DefaultRegion && AwsHosts.IsOne(endpoint.Host)
            ? setup.LocalRegion
            : setup.Options.Local.BucketLocation,
        Proxies = setup.Options.Local.Proxies,
        LargestWhole = setup.Options.Cache.ChunkThreshold,
        MaxBytes = setup.Options.Cache.MaxBytes,
    };

    private static ForwardingSettings ForwardingOf(ProxyOptions options, EndpointSettings endpoint, bool showsRemoteOnError) => new()
    {
        Endpoint = endpoint,
        SpoolDirectory = options.Local.SpoolDirectory,
        SpoolMaxBytes = options.Local.SpoolMaxBytes,
        ReadAnswerTimeout = TimeSpan.FromSeconds(showsRemoteOnError ? 10 : 50),
        SignsForEveryone = options.Clients.Authentication == AuthenticationMode.None,
    };
}
