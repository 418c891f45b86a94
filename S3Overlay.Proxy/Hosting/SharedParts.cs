using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Reading;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Hosting;

/// <summary>
/// What several overlays of one process can share: the remotes, the cache, and the reader that fills it. Each overlay adds a built-in store
/// of its own, so one can replace another at once while the cache stays warm.
/// </summary>
internal sealed class SharedParts(OpenedParts opened) : IAsyncDisposable
{
    /// <summary>The id in requests to the remotes, which each of these overlays recognizes as its own (loops).</summary>
    public required string InstanceId { get; init; }

    /// <summary>Null in local-only mode.</summary>
    public required ProxyServices.RemoteLayers? Remotes { get; init; }

    /// <summary>Null while caching is off.</summary>
    public required ICacheStore? Cache { get; init; }

    /// <summary>Null in local-only mode.</summary>
    public required RemoteReader? Reader { get; init; }

    /// <summary>Opens them.</summary>
    /// <exception cref="StartupException">The cache folder cannot be used.</exception>
    public static async Task<SharedParts> OpenAsync(ProxyOptions options, ProxyMeters meters, ILoggerFactory loggers, Machine machine)
    {
        var opened = new OpenedParts();
        try
        {
            return await new Composition(options, meters, loggers, machine, opened).OpenSharedAsync();
        }
        catch
        {
            await opened.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => opened.DisposeAsync();
}
