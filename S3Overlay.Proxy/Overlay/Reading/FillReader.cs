using S3Overlay.Proxy.Overlay.Cache.Filling;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Reading;

/// <summary>Reads that follow fills: sends bytes as they become cached, and starts fills for what is missing.</summary>
internal sealed class FillReader(ReadAhead readAhead, TimeProvider time)
{
    /// <summary>How often in a row a byte that was just filled may be missing before the store is given up.</summary>
    private const int MaxRefills = 3;

    /// <summary>Sends from an active entry, and leaves it. The caller must be one of its readers.</summary>
    /// <exception cref="RemoteException">The remote failed.</exception>
    public async Task<ReadResult> SendAsync(ActiveEntry active, ByteRange wanted, IReadOnlyList<ByteRange> prefetched,
        ReadResponder responder, FillSubscription read, ChunkHits? hits, CancellationToken cancellationToken)
    {
        try
        {
            foreach (var ahead in prefetched)
            {
                active.Prefetch(ahead);
            }

            // Before the first byte is sent, the remote must prove that it still has the version: until then another version or an error
            // can be sent. After it, the response can only be cut.
            return await BeginFirstMissingAsync(active, wanted, read, cancellationToken)
                && await FollowAsync(active, wanted, responder, read, hits, cancellationToken)
                ? ReadResult.Sent
                : ReadResult.VersionChanged;
        }
        finally
        {
            await active.LeaveAsync();
        }
    }

    /// <summary>Returns once the remote has begun to send the first missing byte. False if it has another version.</summary>
    private static async ValueTask<bool> BeginFirstMissingAsync(ActiveEntry active, ByteRange range, FillSubscription read,
        CancellationToken cancellationToken)
    {
        var position = range.First;
        while (position <= range.Last && active.Entry.FirstHeld(position) is { } run && run.First <= position)
        {
            position = run.Last + 1;
        }

        return position > range.Last
            || await active.BeginAsync(position, range.Last, read, cancellationToken) != FillProgress.VersionChanged;
    }

    private async Task<bool> FollowAsync(ActiveEntry active, ByteRange range, ReadResponder responder, FillSubscription read,
        ChunkHits? hits, CancellationToken cancellationToken)
    {
        var position = range.First;
        var pace = new SlowRemoteDetector(time);
        for (var refills = 0; ;)
        {
            var reached = await responder.SendCachedAsync(active.Entry, range with { First = position }, hits, cancellationToken);
            refills = reached > position ? 0 : refills + 1;
            position = reached;
            if (position > range.Last)
            {
                return true;
            }

            var progress = FillProgress.NotStored;
            if (refills <= MaxRefills)
            {
                pace.Reached(position);
                if (pace.IsSlow)
                {
                    active.Spread(readAhead.Rest(active.Entry, range with { First = position }));
                }

                var began = time.GetTimestamp();
                progress = await active.EnsureAsync(position, range.Last, read, cancellationToken);
                pace.Waited(began);
            }

            if (progress != FillProgress.Ready)
            {
                return progress == FillProgress.NotStored
                    && await SendRestAsync(active, range with { First = position }, responder, cancellationToken);
            }
        }
    }

    /// <summary>The store failed: sends the rest straight from the remote (rule R3). False if it has another version.</summary>
    private static async Task<bool> SendRestAsync(ActiveEntry active, ByteRange range, ReadResponder responder,
        CancellationToken cancellationToken)
    {
        var info = active.Entry.Info;
        try
        {
            await using var source = await active.Remote.Remote.GetAsync(
                RemoteReads.Of(active.Remote, active.Name.Key, info.ETag, range), cancellationToken);
            if (source.Info.ETag != info.ETag || source.Info.Size != info.Size)
            {
                throw new RemoteException(RemoteFailure.Changed, "The remote sent another version than the one requested.");
            }

            await responder.SendRemoteAsync(source, range, cancellationToken);
            return true;
        }
        catch (RemoteException gone) when (RemoteReads.MeansGone(gone))
        {
            return active.DriftOf(gone) is { } drift ? throw drift : false;
        }
    }
}
