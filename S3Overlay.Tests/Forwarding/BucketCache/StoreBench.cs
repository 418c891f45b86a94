using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Forwarding.Endpoints;
using S3Overlay.Proxy.Forwarding.Stores;
using S3Overlay.Proxy.Forwarding.BucketCache;
using S3Overlay.Proxy.Forwarding.BucketCache.Spooling;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Authentication;
using S3Overlay.Tests.Overlay.Reading;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Forwarding.BucketCache;

/// <summary>A cache bucket on an S3 store in this process, with as many proxies over it as a test opens.</summary>
internal sealed class StoreBench : ICachePlace
{
    public const string CacheBucket = "overlay-cache";

    private readonly S3WireClient _client;
    private readonly TemporaryFolder _folder = new();

    private StoreBench(StoreServer server, TimeProvider clock)
    {
        Server = server;
        var settings = new EndpointSettings
        {
            Role = "local store",
            IsWritable = true,
            Endpoint = server.Endpoint,
            Addressing = AddressingStyle.Path,

            // Calls are counted: none may be repeated because the machine was busy.
            ConnectTimeout = Patience.Limit, FirstByteTimeout = TimeSpan.FromDays(9), StallTimeout = TimeSpan.FromDays(9),
            Budget = TimeSpan.FromDays(9),
        };
        _client = new S3WireClient(settings, _ => new(new SigningCredentials("minioadmin", "minioadmin", null)), clock);
        Calls = new StoreCalls(settings, _client, clock);
    }

    public StoreServer Server { get; }

    /// <summary>What the proxies know of the store's capabilities.</summary>
    public StoreCapabilities? Abilities { get; set; }

    public StoreCalls Calls { get; }

    /// <summary>Starts a store, optionally with its own clock.</summary>
    public static async Task<StoreBench> StartAsync(TimeProvider? clock = null) =>
        new(await StoreServer.StartAsync(clock), clock ?? TimeProvider.System);

    /// <summary>A proxy's view of it. Waits for no other view, and knows of others only through <paramref name="proxies"/>.</summary>
    public BucketCacheStore Open(SpoolFolder? spool = null, TimeProvider? time = null, long largestWhole = 50 << 20, long? maxBytes = null,
        int proxies = 1, ILogger<BucketCacheStore>? logger = null) => new(
        new LocalStore(Calls, new StoreSettings { CacheBucket = CacheBucket, LargestWhole = largestWhole, MaxBytes = maxBytes,
            Proxies = proxies }, time ?? TimeProvider.System),
        spool ?? Spool(),
        logger ?? NullLogger<BucketCacheStore>.Instance,
        abilities: () => Abilities)
    {
        ClosingPatience = Patience.Limit,
    };

    ICacheStore ICachePlace.Open(TimeProvider time) => Open(time: time);

    /// <summary>A spool of limited size.</summary>
    public SpoolFolder Spool(long maxBytes = 1L << 30) => new(_folder["spool"], maxBytes);

    /// <summary>The files in the spool's folder.</summary>
    public string[] SpoolFiles => Directory.Exists(_folder["spool"]) ? Directory.GetFiles(_folder["spool"]) : [];

    /// <summary>The names of the objects that start so, in order.</summary>
    public async Task<List<string>> NamesAsync(string prefix)
    {
        var names = new List<string>();
        await foreach (var row in Calls.ListAsync(CacheBucket, prefix, "", 1000, default))
        {
            names.Add(row.Name);
        }

        return names;
    }

    /// <summary>The calls so far, as method and kind of object.</summary>
    public List<string> Kinds() => [.. Server.Calls.Select(call => $"{call.Method} {KindOf(call)}")];

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await Server.DisposeAsync();
        _folder.Dispose();
    }

    private static string KindOf(StoreCall call)
    {
        var path = call.Path.TrimStart('/');
        return path.StartsWith(CacheBucket + "/", StringComparison.Ordinal) ? path[(CacheBucket.Length + 1)..][..1]
            : call.Query.Contains("list-type", StringComparison.Ordinal) ? "list" : "bucket";
    }
}
