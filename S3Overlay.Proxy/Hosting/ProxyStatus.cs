using System.Diagnostics;

using S3Overlay.Proxy.Administration.Methods;
using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Hosting.Commands;
using S3Overlay.Proxy.Hosting.Diagnosis;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Proxy.Hosting;

/// <summary>What a proxy is, for the method <c>status</c>.</summary>
internal sealed class ProxyStatus(ProxyOptions options, LocalLayer local, ProxyServices.RemoteLayers? remotes, TimeProvider time)
    : IAsyncDisposable
{
    /// <summary>More changes than this are not counted.</summary>
    private const int MostCounted = 10_000;

    /// <summary>How long a count of the built-in store is reused.</summary>
    private static readonly TimeSpan CountLife = TimeSpan.FromSeconds(10);

    /// <summary>The same over an S3 endpoint, which gets a request for every thousand keys.</summary>
    private static readonly TimeSpan CountLifeOverS3 = TimeSpan.FromMinutes(5);

    /// <summary>How long a count may take to notice that it is to end.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private static readonly ListingQuery Everything = new("", "", ListingPosition.Start, 1000);

    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _ending = new();
    private Task _counting = Task.CompletedTask;
    private ChangeCounts? _counts;
    private long? _countedAt;
    private bool _hasEnded;

    /// <summary>Where clients on this machine reach the proxy, once it listens.</summary>
    public string Endpoint { get; set; } = options.Listen.Plain?.GetLeftPart(UriPartial.Authority) ?? "";

    /// <summary>Checks the layers; null if nothing does.</summary>
    public LayerChecks? Health { get; set; }

    /// <summary>Reads it. Waits for no layer: what takes time is from the last look.</summary>
    public StatusDocument Read()
    {
        var (state, problem) = HealthOf(null);
        return new StatusDocument(
            CommandLine.Version, Endpoint, StartupLines.Client(options.Clients),
            new LayerStatus("", options.Local.Endpoint?.ToString() ?? options.Local.DataDirectory, "", state, problem),
            [.. options.Remotes.Select(Of)],
            new CacheStatus(
                options.Cache.IsEnabled && options.Remotes.Count > 0, StartupLines.Place(options), options.Cache.MaxBytes),
            LastCounts());
    }

    /// <summary>Ends counting.</summary>
    public async ValueTask DisposeAsync()
    {
        Task counting;
        lock (_lock)
        {
            (_hasEnded, counting) = (true, _counting);
        }

        await _ending.CancelAsync();
        await counting.WaitAsync(Patience).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _ending.Dispose();
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

    /// <summary>The last count; null before the first. Begins another one if it is old, and does not wait for it.</summary>
    private ChangeCounts? LastCounts()
    {
        lock (_lock)
        {
            var life = options.Local.Endpoint is null || _counts is null ? CountLife : CountLifeOverS3;
            if (!_hasEnded && _counting.IsCompleted && (_countedAt is not { } at || time.GetElapsedTime(at) >= life))
            {
                _countedAt = time.GetTimestamp();
                var ending = _ending.Token;
                _counting = Task.Run(() => CountAsync(ending), CancellationToken.None);
            }

            return _counts;
        }
    }

    /// <summary>Counts without asking a remote. If the store does not answer, the last count stays.</summary>
    private async Task CountAsync(CancellationToken ending)
    {
        // Not part of any request's trace.
        Activity.Current = null;
        var (written, deleted) = (0L, 0L);
        try
        {
            foreach (var bucket in await local.State.ListBucketsAsync(ending))
            {
                if (remotes?.Buckets.Find(bucket.Name) is null)
                {
                    continue;
                }

                await using var rows = local.State.ListWritten(bucket.Name, Everything);
                while (written < MostCounted && await rows.NextAsync(ending) is not null)
                {
                    written++;
                }
            }

            await foreach (var bucket in local.Marks.ListBucketsAsync(ending))
            {
                await foreach (var _ in local.State.ListDeletedAsync(bucket, "", "", ending))
                {
                    if (++deleted >= MostCounted)
                    {
                        break;
                    }
                }
            }
        }
        catch (Exception)
        {
            // Its health says so.
            return;
        }

        lock (_lock)
        {
            _counts = new(written, Math.Min(deleted, MostCounted), written >= MostCounted || deleted >= MostCounted);
        }
    }
}
