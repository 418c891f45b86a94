using S3Overlay.Proxy.Overlay.Cache.Freshness;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Overlay.Cache.Filling;

/// <summary>Runs the first request of a miss, creates the entry for its response, and starts the fill.</summary>
internal sealed class FillStarter(Fills fills, CacheEntries entries, NegativeCache absent, TimeProvider time)
{
    /// <summary>Runs a pending fill to its end. Never throws: waiting reads get the failure.</summary>
    /// <param name="pending">The pending fill.</param>
    /// <param name="name">The object.</param>
    /// <param name="remote">Its remote bucket.</param>
    /// <param name="range">What the first read wants; null for all.</param>
    /// <param name="completions">The count of completed pending fills before the first read's lookup found nothing.</param>
    public async Task RunAsync(PendingFill pending, ObjectName name, RemoteBucket remote, RangeHeader? range, long completions)
    {
        var generation = fills.Generations.Of(name.Bucket, name.Key);
        var asked = time.GetUtcNow();
        RemoteObject? response = null;
        pending.Trace?.Enter();
        try
        {
            // Look once more only if another pending fill completed since the lookup: a second lookup before every miss would cost a round
            // trip where the store is remote.
            if (fills.Objects.Completions(name) != completions && await entries
                .FindAsync(name, remote, LookupHint.Info, CancellationToken.None) is { } filled)
            {
                fills.Telemetry.End(pending.Trace, Outcomes.NotNeeded);
                pending.FoundFilled = true;
                Open(pending, new ActiveEntry(name, remote, filled, fills), isCurrent: true, null);
                return;
            }

            var first = RemoteReads.Whole(remote, name.Key) with { Range = FirstRange(range) };
            response = await absent.AskAsync(name, (remote, first, pending),
                static about => about.remote.Remote.GetAsync(about.first, about.pending.Cancellation));
            var entry = ETags.IsStrong(response.Info.ETag) ? await entries.CreateAsync(name, remote, response.Info, asked) : null;
            if (entry is null)
            {
                fills.Telemetry.End(pending.Trace, Outcomes.NotHeld);
                fills.Objects.Forget(name, pending);
                await pending.PassOnAsync(response);
                return;
            }

            var active = new ActiveEntry(name, remote, entry, fills);
            var isCurrent = fills.Generations.Of(name.Bucket, name.Key) == generation;
            if (!isCurrent)
            {
                await fills.DropAsync(active);
            }

            Open(pending, active, isCurrent, response);
            response = null;
            if (isCurrent && fills.Generations.Of(name.Bucket, name.Key) != generation)
            {
                active.Retire();
            }
        }
        catch (Exception failure)
        {
            if (failure is OperationCanceledException)
            {
                fills.Telemetry.End(pending.Trace, Outcomes.Dropped);
            }
            else
            {
                fills.Telemetry.End(pending.Trace, Outcomes.Failed, (failure as RemoteException)?.Failure.ToString()
                    ?? failure.GetType().Name);
            }

            fills.Objects.Forget(name, pending);
            pending.Fail(failure);
            if (response is not null)
            {
                await response.DisposeAsync();
            }
        }
    }

    private void Open(PendingFill pending, ActiveEntry active, bool isCurrent, RemoteObject? response)
    {
        active.Enter(1);
        if (response is not null)
        {
            active.StartWith(response, pending);
        }

        fills.Objects.Opened(pending, active, isCurrent);
        _ = active.LeaveAsync().AsTask();
    }

    /// <summary>
    /// The range to request while the size is unknown: from the first byte needed to the end of the last touched chunk (rule R10).
    /// </summary>
    private string? FirstRange(RangeHeader? range)
    {
        if (range is not { First: { } first, Last: { } last })
        {
            return RemoteReads.Text(range);
        }

        var end = FillPlan.EndOfChunk(last, fills.Settings.ChunkSize) - 1;
        return RemoteReads.Text(new ByteRange(first, end));
    }
}
