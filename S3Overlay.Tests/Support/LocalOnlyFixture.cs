using Amazon.S3;

namespace S3Overlay.Tests.Support;

/// <summary>One proxy in local-only mode, shared by the tests of a class.</summary>
public sealed class LocalOnlyFixture : IAsyncLifetime
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
        Proxy = await ProxyProcess.StartAsync(_folder["data"]);
        S3 = S3Clients.Create(Proxy.Endpoint);
    }

    /// <inheritdoc/>
    public async Task DisposeAsync()
    {
        S3.Dispose();
        await Proxy.DisposeAsync();
        _folder.Dispose();
    }

    /// <summary>A new, empty bucket.</summary>
    public async Task<string> NewBucketAsync()
    {
        var name = $"bucket-{Interlocked.Increment(ref _buckets)}";
        await S3.PutBucketAsync(name);
        return name;
    }
}
