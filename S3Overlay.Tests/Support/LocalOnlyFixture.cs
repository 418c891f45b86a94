using Amazon.S3;

namespace S3Overlay.Tests.Support;

/// <summary>One proxy in local-only mode, shared by the tests of a class.</summary>
public class LocalOnlyFixture : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private int _buckets;

    /// <summary>The proxy.</summary>
    public ProxyProcess Proxy { get; private set; } = null!;

    /// <summary>A client of it.</summary>
    public AmazonS3Client S3 { get; private set; } = null!;

    /// <inheritdoc/>
    public async Task InitializeAsync()
    {
        Proxy = await StartAsync(_folder);
        S3 = S3Clients.Create(Proxy.Endpoint);
    }

    /// <inheritdoc/>
    public virtual async Task DisposeAsync()
    {
        S3.Dispose();
        await Proxy.DisposeAsync();
        _folder.Dispose();
    }

    /// <summary>Starts the proxy, and whatever it stands on.</summary>
    protected virtual Task<ProxyProcess> StartAsync(TemporaryFolder folder) => ProxyProcess.StartAsync(folder["data"]);

    /// <summary>A new, empty bucket.</summary>
    public async Task<string> NewBucketAsync()
    {
        var name = $"bucket-{Interlocked.Increment(ref _buckets)}";
        await S3.PutBucketAsync(name);
        return name;
    }
}
