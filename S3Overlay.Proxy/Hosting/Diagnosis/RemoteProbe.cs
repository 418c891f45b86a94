using System.Collections.Concurrent;
using System.Diagnostics;

using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Hosting.Diagnosis;

/// <summary>
/// Checks every remote and mapped bucket in the background after the start, until each has succeeded once. Mistakes are logged as soon as
/// they are known. It only sends listings of one row (rule M5).
/// </summary>
/// <param name="remotes">The checks of the remotes.</param>
/// <param name="health">Checks the layers, and reports problems of mapped buckets.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">For findings.</param>
internal sealed class RemoteProbe(IReadOnlyList<RemoteChecks> remotes, LayerChecks health, TimeProvider time, ILogger<RemoteProbe> logger)
    : IAsyncDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(5);

    /// <summary>The most buckets of a remote to check at once.</summary>
    private const int AtOnce = 8;

    private readonly CancellationTokenSource _ending = new();
    private readonly ConcurrentDictionary<BucketCheck, Finding> _failures = new();
    private readonly ConcurrentDictionary<BucketCheck, bool> _settled = new();
    private Task _running = Task.CompletedTask;

    public CancellationToken Ending => _ending.Token;

    /// <summary>Starts the background work.</summary>
    public void Start() => _running = Task.Run(RunAsync);

    /// <summary>Failed checks of a remote's buckets that have not passed since; null for none.</summary>
    public string? TroubleOf(string role)
    {
        var found = remotes.Where(remote => remote.Options.Role == role).SelectMany(remote => remote.Buckets)
            .Select(bucket => _failures.GetValueOrDefault(bucket)?.ToString()).OfType<string>().Distinct().ToList();
        return found.Count == 0 ? null : string.Join(' ', found);
    }

    /// <summary>Runs every check once.</summary>
    /// <exception cref="StartupException">A check failed.</exception>
    public async Task RequireAsync(CancellationToken cancellationToken)
    {
        var failures = new ConcurrentQueue<string>();
        await Task.WhenAll(remotes.Select(async remote =>
        {
            if (await remote.Endpoint.RunAsync(cancellationToken) is { Verdict: Verdict.Failed } failure)
            {
                failures.Enqueue(failure.ToString());
                return;
            }

            await EachAsync(remote.Buckets, async (bucket, token) =>
            {
                if (await bucket.RunAsync(token) is { Verdict: Verdict.Failed } wrong)
                {
                    failures.Enqueue(wrong.ToString());
                }
            });
        }));
        if (!failures.IsEmpty)
        {
            var reasons = string.Join(' ', failures.Distinct().Order(StringComparer.Ordinal));
            throw new StartupException($"{reasons} ({Configuration.Settings.RequireRemote.Name} is true)");
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _ending.Dispose();
    }

    private async Task RunAsync()
    {
        // Not part of any request's trace.
        Activity.Current = null;
        for (var pause = FirstPause; !await TryAllAsync(); pause = TimeSpan.FromTicks(Math.Min(2 * pause.Ticks, LongestPause.Ticks)))
        {
            await Task.Delay(pause, time, _ending.Token);
        }
    }

    /// <summary>Runs the checks that have not passed yet.</summary>
    /// <returns>True if all have passed by now.</returns>
    private async Task<bool> TryAllAsync()
    {
        var found = await Task.WhenAll(remotes.Select(TryAsync));
        return found.All(static isRight => isRight);
    }

    private async Task<bool> TryAsync(RemoteChecks remote)
    {
        if (!await health.IsWellAsync(remote.Options.Role))
        {
            // A problem of the remote is reported once, not again for each bucket.
            return false;
        }

        await EachAsync([.. remote.Buckets.Where(bucket => !_settled.ContainsKey(bucket))], TryAsync);
        return remote.Buckets.All(_settled.ContainsKey);
    }

    private async ValueTask TryAsync(BucketCheck bucket, CancellationToken cancellationToken)
    {
        var finding = await bucket.RunAsync(cancellationToken);
        var last = _failures.GetValueOrDefault(bucket);
        if (finding.Verdict == Verdict.Failed)
        {
            _failures[bucket] = finding;
            if (finding != last)
            {
                Log.MappingFailed(logger, finding.ToString());
            }

            return;
        }

        _failures.TryRemove(bucket, out _);
        _settled[bucket] = true;

        if (finding.Verdict == Verdict.Undecided)
        {
            Log.MappingUndecided(logger, finding.ToString());
        }
        else if (last is not null)
        {
            Log.MappingWellAgain(logger, finding.ToString());
        }
    }

    private Task EachAsync(IReadOnlyList<BucketCheck> buckets, Func<BucketCheck, CancellationToken, ValueTask> act) =>
        Parallel.ForEachAsync(buckets, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = _ending.Token }, act);
}
