using S3Overlay.Proxy.Administration.Methods;
using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Hosting.Commands;
using S3Overlay.Proxy.Hosting.Diagnosis;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Proxy.Hosting;

/// <summary>What a proxy is, for the method <c>status</c>.</summary>
internal sealed class ProxyStatus(ProxyOptions options, LocalLayer local, ProxyServices.RemoteLayers? remotes, TimeProvider time)
{
    /// <summary>More changes than this are not counted.</summary>
    private const int MostCounted = 10_000;

    /// <summary>How long a count is reused.</summary>
    private static readonly TimeSpan CountLife = TimeSpan.FromSeconds(10);

    private static readonly ListingQuery Everything = new("", "", ListingPosition.Start, 1000);

    private readonly Lock _lock = new();
    private Task<ChangeCounts> _counting = Task.FromResult(new ChangeCounts(0, 0, false));
    private long? _countedAt;

    /// <summary>Where clients on this machine reach the proxy, once it listens.</summary>
    public string Endpoint { get; set; } = options.Listen.Plain?.GetLeftPart(UriPartial.Authority) ?? "";

    /// <summary>Checks the layers; null if nothing does.</summary>
    public LayerChecks? Health { get; set; }

    /// <summary>Reads it. Waits for no layer.</summary>
    public async Task<StatusDocument> ReadAsync(CancellationToken cancellationToken)
    {
        var (state, problem) = HealthOf(null);
        return new StatusDocument(
            CommandLine.Version, Endpoint, StartupLines.Client(options.Clients),
            new LayerStatus("", options.Local.Endpoint?.ToString() ?? options.Local.DataDirectory, "", state, problem),
            [.. options.Remotes.Select(Of)],
            new CacheStatus(
                options.Cache.IsEnabled && options.Remotes.Count > 0, StartupLines.Place(options), options.Cache.MaxBytes),
            await CountAsync().WaitAsync(cancellationToken));
    }

    private LayerStatus Of(RemoteOptions remote)
    {
        var (state, problem) = HealthOf(remote.Role);
        return new LayerStatus(remote.Name, remote.DisplayName,
            remote.Name.Length == 0 ? StartupLines.Buckets(remote) : StartupLines.Backed(remote), state, problem);
    }

    private (LayerHealth Health, string? Problem) HealthOf(string? role) => Health?.Glance(role) switch
    {
        null or { IsKnown: false } => (LayerHealth.Unknown, null),
        { Trouble: { } trouble } => (LayerHealth.Failing, trouble),
        _ => (LayerHealth.Ok, null),
    };

    private Task<ChangeCounts> CountAsync()
    {
        lock (_lock)
        {
            if (_counting.IsCompleted && (_countedAt is not { } at || time.GetElapsedTime(at) >= CountLife))
            {
                _countedAt = time.GetTimestamp();
                _counting = Task.Run(CountOnceAsync);
            }

            return _counting;
        }
    }

    /// <summary>Counts without asking a remote. A store that does not answer has no changes that anyone could see.</summary>
    private async Task<ChangeCounts> CountOnceAsync()
    {
        var (written, deleted) = (0L, 0L);
        try
        {
            foreach (var bucket in await local.State.ListBucketsAsync(CancellationToken.None))
            {
                if (remotes?.Buckets.Find(bucket.Name) is null)
                {
                    continue;
                }

                await using var rows = local.State.ListWritten(bucket.Name, Everything);
                while (written < MostCounted && await rows.NextAsync(CancellationToken.None) is not null)
                {
                    written++;
                }
            }

            await foreach (var bucket in local.Marks.ListBucketsAsync(CancellationToken.None))
            {
                await foreach (var _ in local.State.ListDeletedAsync(bucket, "", "", CancellationToken.None))
                {
                    if (++deleted >= MostCounted)
                    {
                        break;
                    }
                }
            }
        }
        catch (Exception failure) when (failure is IOException or Protocol.S3Exception)
        {
            // Its health says so.
        }

        return new(written, Math.Min(deleted, MostCounted), written >= MostCounted || deleted >= MostCounted);
    }
}
