using S3Overlay.Proxy.Configuration;
using S3Overlay.Proxy.Configuration.Keys;
using S3Overlay.Proxy.Embedded;
using S3Overlay.Proxy.Embedded.Held;
using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Embedded.Index;
using S3Overlay.Proxy.Forwarding;
using S3Overlay.Proxy.Overlay;
using S3Overlay.Proxy.Overlay.Reads;
using S3Overlay.Proxy.Overlay.Remotes;
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
    /// <summary>What is to be closed, in the order it was opened.</summary>
    private readonly List<object> _opened = [];

    private ProxyServices()
    {
    }

    /// <summary>Where requests come in.</summary>
    public S3FrontDoor FrontDoor { get; private set; } = null!;

    /// <summary>The service itself, for whoever in this process puts objects there without a connection.</summary>
    public IS3Service Service { get; private set; } = null!;

    /// <summary>Opens the store, and what stands on it.</summary>
    /// <exception cref="StartupException">A folder cannot be used.</exception>
    public static async Task<ProxyServices> OpenAsync(ProxyOptions options, ProxyMeters meters, ILoggerFactory loggers)
    {
        var services = new ProxyServices();
        var folder = options.Local.DataDirectory;
        try
        {
            var store = await EmbeddedStore.OpenAsync(new EmbeddedOptions
            {
                Folder = folder,
                IsDurable = options.Local.IsDurable,
                Region = options.Local.BucketLocation,
                Logger = loggers.CreateLogger<EmbeddedStore>(),
            });
            services._opened.Add(store);
            var instance = Guid.NewGuid().ToString("n");
            folder = options.Cache.Directory;
            IS3Service local = new EmbeddedService(store);
            services.Service = options.Remote is { } remote ? services.Overlay(options, remote, local, new EmbeddedLayerState(store), instance, loggers) : local;
            services.FrontDoor = new S3FrontDoor(
                services.Service, Authenticator(options.Clients), Rights(options.Clients), FrontDoorOf(options.Clients, instance), meters, loggers.CreateLogger<S3FrontDoor>());
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

    private OverlayService Overlay(ProxyOptions options, RemoteOptions remote, IS3Service local, EmbeddedLayerState layer, string instance, ILoggerFactory loggers)
    {
        var settings = SettingsOf(remote, instance);
        var client = new S3WireClient(settings, CredentialsOf(remote), TimeProvider.System);
        _opened.Add(client);
        HeldStore? held = null;
        if (options.Cache.IsEnabled)
        {
            held = HeldStore.Open(options.Cache.Directory, TimeProvider.System, loggers.CreateLogger<HeldStore>());
            _opened.Add(held);
        }

        var origin = new S3Remote(settings, client, TimeProvider.System);
        var reader = new RemoteReader(ReadsOf(options), held, TimeProvider.System, loggers.CreateLogger<RemoteReader>());
        _opened.Add(reader);
        return new OverlayService(
            local,
            new ResolvedReads(local, layer),
            layer,
            held,
            reader,
            new MappedBuckets(origin, remote.Mapping, remote.Unmapped),
            origin,
            OverlaySettings.From(options),
            TimeProvider.System,
            loggers.CreateLogger<OverlayService>());
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

    private static RequestAuthenticator Authenticator(ClientOptions clients) => new(
        new ClientKeyRing(clients.Keys),
        new AuthenticationSettings { Region = clients.Region, IsOff = clients.Authentication == AuthenticationMode.None, AllowsVersion2 = clients.AllowsVersion2 },
        TimeProvider.System);

    private static AccessRights Rights(ClientOptions clients) => new(clients.Keys, clients.Authentication == AuthenticationMode.None);

    private static FrontDoorSettings FrontDoorOf(ClientOptions clients, string instance) => new()
    {
        Domain = clients.Domain,
        AllowsCrossOrigin = clients.AllowsCrossOrigin,
        InstanceId = instance,
    };
}
