using Amazon.S3;

namespace S3Overlay.Tests.Support;

/// <summary>
/// A proxy with caching on over a second one as its remote: real HTTP, real processes on both sides. The overlay's key at the remote may
/// only read.
/// </summary>
public class OverlayFixture : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private RemoteServer _remote = null!;
    private int _buckets;

    public ProxyProcess Proxy { get; private set; } = null!;

    /// <summary>The remote, if it is a proxy.</summary>
    public ProxyProcess Origin { get; private set; } = null!;

    public AmazonS3Client S3 { get; private set; } = null!;

    /// <summary>A client of the remote itself, to change it behind the overlay's back.</summary>
    public AmazonS3Client RemoteS3 => _remote.Client;

    /// <summary>Settings beyond those that name the remote.</summary>
    protected virtual (string Name, string Value)[] Settings =>
        [("S3_OVERLAY_CACHE_ENABLED", "true"), ("S3_OVERLAY_CHUNK_THRESHOLD", "1MiB"), ("S3_OVERLAY_CHUNK_SIZE", "256KiB")];

    /// <summary>
    /// Whether the overlay's dependencies are available. The tests of the class are skipped otherwise, but fixtures are created before that
    /// is known.
    /// </summary>
    protected virtual bool CanStart => true;

    /// <summary>The overlay's program.</summary>
    protected virtual IReadOnlyList<string> Program => ProxyProgram.Command;

    /// <summary>The prefix of new bucket names. A store that outlives the fixture must not see a name twice.</summary>
    protected virtual string BucketPrefix => "bucket-";

    public async Task InitializeAsync()
    {
        if (CanStart)
        {
            _remote = await StartRemoteAsync(_folder);
            await StartProxyAsync();
        }
    }

    /// <summary>Ends the overlay as a kill does, and starts it again over the same data.</summary>
    public async Task RestartAsync()
    {
        S3.Dispose();
        await Proxy.DisposeAsync();
        await StartProxyAsync();
    }

    public virtual async Task DisposeAsync()
    {
        if (CanStart)
        {
            S3.Dispose();
            RemoteS3.Dispose();
            await Proxy.DisposeAsync();
        }

        if (Origin is not null)
        {
            await Origin.DisposeAsync();
        }

        _folder.Dispose();
    }

    /// <summary>A new, empty bucket at the remote, which the overlay shows under the same name.</summary>
    public async Task<string> NewRemoteBucketAsync()
    {
        var name = $"{BucketPrefix}{Interlocked.Increment(ref _buckets)}";
        await RemoteS3.PutBucketAsync(name);
        return name;
    }

    protected virtual async Task<RemoteServer> StartRemoteAsync(TemporaryFolder folder)
    {
        await File.WriteAllTextAsync(
            folder["keys.json"],
            """
            [ { "accessKey": "minioadmin", "secretKey": "minioadmin", "rights": { "*": "write" } },
              { "accessKey": "overlay", "secretKey": "may-only-read", "rights": { "*": "read" } } ]
            """);
        Origin = await ProxyProcess.StartAsync(folder["remote"], ("S3_OVERLAY_KEYS_FILE", folder["keys.json"]));
        return new RemoteServer(Origin.Endpoint, "overlay", "may-only-read", S3Clients.Create(Origin.Endpoint));
    }

    /// <summary>Starts the dependencies of the writable layer and returns its settings.</summary>
    protected virtual Task<(string Name, string Value)[]> LocalAsync(TemporaryFolder folder) => Task.FromResult<(string, string)[]>([]);

    private async Task StartProxyAsync()
    {
        Proxy = await ProxyProcess.StartAsync(
            Program,
            _folder["local"],
            [
                .. await LocalAsync(_folder),
                ("S3_OVERLAY_REMOTE_ENDPOINT", _remote.Endpoint.ToString().TrimEnd('/')),
                ("S3_OVERLAY_REMOTE_ACCESS_KEY_ID", _remote.AccessKey),
                ("S3_OVERLAY_REMOTE_SECRET_ACCESS_KEY", _remote.SecretKey),
                .. Settings,
            ]);
        S3 = S3Clients.Create(Proxy.Endpoint);
    }
}
