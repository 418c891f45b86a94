using Amazon.S3;

namespace S3Overlay.Tests.Support;

/// <summary>One proxy in local-only mode, shared by the tests of a class.</summary>
public class LocalOnlyFixture : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private int _buckets;

    public ProxyProcess Proxy { get; private set; } = null!;

    public AmazonS3Client S3 { get; private set; } = null!;

    /// <summary>
    /// Whether the proxy's dependencies are available. The tests of the class are skipped otherwise, but fixtures are created before that
    /// is known.
    /// </summary>
    protected virtual bool CanStart => true;

    /// <summary>The prefix of new bucket names. A store that outlives the fixture must not see a name twice.</summary>
    protected virtual string BucketPrefix => "bucket-";

    public async Task InitializeAsync()
    {
        if (!CanStart)
        {
            return;
        }

        Proxy = await StartAsync(_folder);
        S3 = S3Clients.Create(Proxy.Endpoint);
    }

    public virtual async Task DisposeAsync()
    {
        if (CanStart)
        {
            S3.Dispose();
            await Proxy.DisposeAsync();
        }

        _folder.Dispose();
    }

    /// <summary>Starts the proxy and its dependencies.</summary>
    protected virtual Task<ProxyProcess> StartAsync(TemporaryFolder folder) =>
        ProxyProcess.StartAsync(folder["data"], ("S3_OVERLAY_CORS", "true"));

    public async Task<string> NewBucketAsync()
    {
        var name = $"{BucketPrefix}{Interlocked.Increment(ref _buckets)}";
        await S3.PutBucketAsync(name);
        return name;
    }
}
