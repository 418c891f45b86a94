using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Forwarding.Endpoints;
using S3Overlay.Proxy.Overlay;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Hosting;

/// <summary>What every part is built from.</summary>
/// <param name="Options">The options.</param>
/// <param name="Meters">What is counted.</param>
/// <param name="Loggers">Where parts say what goes wrong.</param>
/// <param name="Machine">The clock, the disk and the network.</param>
/// <param name="Opened">Closes what is opened.</param>
internal sealed record ProxySetup(ProxyOptions Options, ProxyMeters Meters, ILoggerFactory Loggers, Machine Machine, OpenedParts Opened)
{
    /// <summary>Identifies this proxy in its own requests, so that loops are detected.</summary>
    public string InstanceId { get; } = Guid.NewGuid().ToString("n");

    /// <summary>The clock.</summary>
    public TimeProvider Time => Machine.Time;

    /// <summary>The region that local's buckets are in: what the name of an endpoint of AWS says, else the setting.</summary>
    public string LocalRegion => EndpointRegions.FirstOf(Options.Local.Endpoint, Options.Local.Region);

    /// <summary>What clients are to see.</summary>
    public OverlaySettings View =>
        OverlaySettings.From(Options, Options.Local.Endpoint is null ? Options.Local.BucketLocation : LocalRegion);

    /// <summary>Whether the cache is used.</summary>
    public bool Holds => Options.Remotes.Count > 0 && Options.Cache.IsEnabled;

    /// <summary>A logger.</summary>
    public ILogger<T> LoggerOf<T>() => Loggers.CreateLogger<T>();
}
