using S3Overlay.Proxy.Overlay.Cache.Freshness;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Overlay.Cache.Filling;

/// <summary>
/// Runs openings: the first request for an object of which nothing is held, the copy made for its answer, and the object that readers
/// follow from there.
/// </summary>
/// <param name="fills">What the opened objects are filled by.</param>
/// <param name="copies">Where the copies are.</param>
/// <param name="absent">Learns what the remote says of keys it has not.</param>
/// <param name="time">The clock.</param>
internal sealed class FillStarter(Fills fills, CacheEntries copies, NegativeCache absent, TimeProvider time)
{
    /// <summary>Runs one to its end, which those who wait for it are told. Throws nothing.</summary>
    /// <param name="opening">The opening.</param>
    /// <param name="name">The object.</param>
    /// <param name="remote">Where it is.</param>
    /// <param name="range">What the one who began it wants of it; null for all.</param>
    /// <param name="openings">How often the object had been opened before that one looked for a copy and found none.</param>
    public async Task RunAsync(PendingFill opening, ObjectName name, RemoteBucket remote, RangeHeader? range, long openings)
    {
        var generation = fills.Generations.Of(name.Bucket, name.Key);
        var asked = time.GetUtcNow();
        RemoteObject? answered = null;
        opening.Trace?.Enter();
        try
        {
            // Another opening may have come to its end, and its fill too, between the caller's looking and this one's beginning. Looking
            // once more for any other reason would put a call to a store behind a network before every first byte.
            if (fills.Objects.Openings(name) != openings && await copies
                .FindAsync(name, remote, LookupHint.Info, CancellationToken.None) is { } filled)
            {
                fills.Telemetry.End(opening.Trace, Outcomes.NotNeeded);
                opening.FoundFilled = true;
                Open(opening, new ActiveEntry(name, remote, filled, fills), isCurrent: true, null);
                return;
            }

            var first = RemoteReads.Whole(remote, name.Key) with { Range = FirstRange(range) };
            answered = await absent.AskAsync(name, (remote, first, opening),
                static about => about.remote.Remote.GetAsync(about.first, about.opening.Cancellation));
            var copy = ETags.IsStrong(answered.Info.ETag) ? await copies.CreateAsync(name, remote, answered.Info, asked) : null;
            if (copy is null)
            {
                fills.Telemetry.End(opening.Trace, Outcomes.NotHeld);
                fills.Objects.Forget(name, opening);
                await opening.PassOnAsync(answered);
                return;
            }

            var held = new ActiveEntry(name, remote, copy, fills);
            var isCurrent = fills.Generations.Of(name.Bucket, name.Key) == generation;
            if (!isCurrent)
            {
                await fills.DropAsync(held);
            }

            Open(opening, held, isCurrent, answered);
            answered = null;
            if (isCurrent && fills.Generations.Of(name.Bucket, name.Key) != generation)
            {
                held.Retire();
            }
        }
        catch (Exception failure)
        {
            if (failure is OperationCanceledException)
            {
                fills.Telemetry.End(opening.Trace, Outcomes.Dropped);
            }
            else
            {
                fills.Telemetry.End(opening.Trace, Outcomes.Failed, (failure as RemoteException)?.Failure.ToString()
                    ?? failure.GetType().Name);
            }

            fills.Objects.Forget(name, opening);
            opening.Fail(failure);
            if (answered is not null)
            {
                await answered.DisposeAsync();
            }
        }
    }

    private void Open(PendingFill opening, ActiveEntry held, bool isCurrent, RemoteObject? answered)
    {
        held.Enter(1);
        if (answered is not null)
        {
            held.StartWith(answered, opening);
        }

        fills.Objects.Opened(opening, held, isCurrent);
        _ = held.LeaveAsync().AsTask();
    }

    /// <summary>
    /// How much to ask for before the object's size is known: from the first needed byte to the end of the last touched chunk (rule R10).
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
