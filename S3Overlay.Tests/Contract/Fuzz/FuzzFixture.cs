using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Contract.Fuzz;

/// <summary>A proxy with everything switched on that has a parser.</summary>
public class FuzzFixture : IAsyncLifetime
{
    private int _buckets;

    public ProxyProcess Proxy { get; private set; } = null!;

    /// <summary>Where its files are.</summary>
    protected TemporaryFolder Folder { get; } = new();

    /// <summary>Further settings.</summary>
    protected virtual IReadOnlyList<(string Name, string Value)> Settings => [];

    public virtual async Task InitializeAsync()
    {
        var key = Convert.ToBase64String(new byte[32]);
        await File.WriteAllTextAsync(Folder["encryption"], $$$"""{"master":"{{{key}}}","kms":{"named":"{{{key}}}"}}""");
        Proxy = await ProxyProcess.StartAsync(Folder["data"],
            [("S3_OVERLAY_NEW_BUCKETS", "acl"), ("S3_OVERLAY_ENCRYPTION_FILE", Folder["encryption"]),
                ("S3_OVERLAY_SSE_C_OVER_HTTP", "true"), ("S3_OVERLAY_DURABLE", "false"), .. Settings]);
    }

    public virtual async Task DisposeAsync()
    {
        await Proxy.DisposeAsync();
        Folder.Dispose();
    }

    /// <summary>A name that no bucket has.</summary>
    public string NewName() => $"fuzz-{Interlocked.Increment(ref _buckets)}";

    /// <summary>Called before a bucket is made.</summary>
    public virtual Task BeforeBucketAsync(string name) => Task.CompletedTask;
}

/// <summary>The same over a remote that has the object <c>remote</c> in each bucket.</summary>
public sealed class OverlaidFuzzFixture : FuzzFixture
{
    private ProxyProcess _remote = null!;

    protected override IReadOnlyList<(string Name, string Value)> Settings =>
    [
        ("S3_OVERLAY_REMOTE_ENDPOINT", _remote.Endpoint.ToString().TrimEnd('/')), ("S3_OVERLAY_REMOTE_ACCESS_KEY_ID", "minioadmin"),
        ("S3_OVERLAY_REMOTE_SECRET_ACCESS_KEY", "minioadmin"), ("S3_OVERLAY_CACHE_ENABLED", "true"), ("S3_OVERLAY_SHARE_REMOTE", "true"),
    ];

    public override async Task InitializeAsync()
    {
        _remote = await ProxyProcess.StartAsync(Folder["remote"], ("S3_OVERLAY_DURABLE", "false"));
        await base.InitializeAsync();
    }

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        await _remote.DisposeAsync();
    }
}
