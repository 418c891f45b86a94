using Amazon.S3;

namespace S3Overlay.Tests.Support;

/// <summary>A proxy with caching on over a second one as its remote: real HTTP, real processes on both sides. The overlay's key at the remote may only read.</summary>
public class OverlayFixture : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private int _buckets;

    /// <summary>The overlay.</summary>
    public ProxyProcess Proxy { get; private set; } = null!;

    /// <summary>The remote.</summary>
    public ProxyProcess Origin { get; private set; } = null!;

    /// <summary>A client of the overlay.</summary>
    public AmazonS3Client S3 { get; private set; } = null!;

    /// <summary>A client of the remote itself, for whoever changes it behind the overlay's back.</summary>
    public AmazonS3Client RemoteS3 { get; private set; } = null!;

    /// <summary>Settings beyond those that name the remote.</summary>
    protected virtual (string Name, string Value)[] Settings =>
        [("S3_OVERLAY_CACHE_ENABLED", "true"), ("S3_OVERLAY_CHUNK_THRESHOLD", "1MiB"), ("S3_OVERLAY_CHUNK_SIZE", "256KiB")];

    /// <inheritdoc/>
    public async Task InitializeAsync()
    {
        await File.WriteAllTextAsync(
            _folder["keys.json"],
            """
            [ { "accessKey": "minioadmin", "secretKey": "minioadmin", "rights": { "*": "write" } },
              { "accessKey": "overlay", "secretKey": "may-only-read", "rights": { "*": "read" } } ]
            """);
        Origin = await ProxyProcess.StartAsync(_folder["remote"], ("S3_OVERLAY_KEYS_FILE", _folder["keys.json"]));
        RemoteS3 = S3Clients.Create(Origin.Endpoint);
        await StartProxyAsync();
    }

    /// <summary>Ends the overlay as a kill does, and starts it again over the same data.</summary>
    public async Task RestartAsync()
    {
        S3.Dispose();
        await Proxy.DisposeAsync();
        await StartProxyAsync();
    }

    /// <inheritdoc/>
    public virtual async Task DisposeAsync()
    {
        S3.Dispose();
        RemoteS3.Dispose();
        await Proxy.DisposeAsync();
        await Origin.DisposeAsync();
        _folder.Dispose();
    }

    /// <summary>A new, empty bucket at the remote, which the overlay shows under the same name.</summary>
    public async Task<string> NewRemoteBucketAsync()
    {
        var name = $"bucket-{Interlocked.Increment(ref _buckets)}";
        await RemoteS3.PutBucketAsync(name);
        return name;
    }

    /// <summary>The settings of the writable layer; what it needs is running once they are there.</summary>
    protected virtual Task<(string Name, string Value)[]> LocalAsync(TemporaryFolder folder) => Task.FromResult<(string, string)[]>([]);

    private async Task StartProxyAsync()
    {
        Proxy = await ProxyProcess.StartAsync(
            _folder["local"],
            [
                .. await LocalAsync(_folder),
                ("S3_OVERLAY_REMOTE_ENDPOINT", Origin.Endpoint.ToString().TrimEnd('/')),
                ("S3_OVERLAY_REMOTE_ACCESS_KEY_ID", "overlay"),
                ("S3_OVERLAY_REMOTE_SECRET_ACCESS_KEY", "may-only-read"),
                .. Settings,
            ]);
        S3 = S3Clients.Create(Proxy.Endpoint);
    }
}
