using S3Overlay.Proxy.Overlay.Cache.Filling;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Reading;

/// <summary>Reads that follow fills: bytes go to the client as they become held, and what nobody fetches yet is fetched.</summary>
/// <param name="readAhead">What is fetched ahead of those who read on.</param>
/// <param name="time">The clock.</param>
internal sealed class FillReader(ReadAhead readAhead, TimeProvider time)
{
    /// <summary>So often in a row may a byte that was just fetched not come back before the store is given up.</summary>
    private const int MaxRefetches = 3;

    /// <summary>Sends from an object in use, of which the caller is a reader.</summary>
    public async Task AnswerAsync(
        ActiveEntry held, ByteRange wanted, IReadOnlyList<ByteRange> prefetched, S3Response answer, FillSubscription read, ChunkHits? hits,
        CancellationToken cancellationToken)
    {
        try
        {
            foreach (var ahead in prefetched)
            {
                held.Prefetch(ahead);
            }

            // What the remote may have no more is asked for before the client is sent what is held: another version can be sent whole, a
            // refusal can be told, a cut cannot be understood.
            await BeginFirstMissingAsync(held, wanted, read, cancellationToken);
            await SendAsync(held, wanted, answer, read, hits, cancellationToken);
        }
        finally
        {
            await held.LeaveAsync();
        }
    }

    /// <summary>Returns once the remote has begun to answer with the first byte that is not held of some bytes.</summary>
    /// <exception cref="VersionChangedException">The remote has another version by now.</exception>
    /// <exception cref="RemoteException">The remote did not give it.</exception>
    private static async ValueTask BeginFirstMissingAsync(ActiveEntry held, ByteRange range, FillSubscription read,
        CancellationToken cancellationToken)
    {
        var position = range.First;
        while (position <= range.Last && held.Entry.FirstHeld(position) is { } run && run.First <= position)
        {
            position = run.Last + 1;
        }

        if (position > range.Last)
        {
            return;
        }

        try
        {
            await held.BeginAsync(position, range.Last, read, cancellationToken);
        }
        catch (StoreFailedException)
        {
            // What comes is not stored, and goes to the reader all the same.
        }
    }

    /// <summary>Sends bytes as they become held, fetching what nobody fetches yet.</summary>
    /// <exception cref="VersionChangedException">The remote has another version by now.</exception>
    /// <exception cref="RemoteException">The remote did not give them.</exception>
    private async Task SendAsync(ActiveEntry held, ByteRange range, S3Response answer, FillSubscription read, ChunkHits? hits,
        CancellationToken cancellationToken)
    {
        var position = range.First;
        var pace = new SlowRemoteDetector(time);
        for (var refetches = 0; position <= range.Last;)
        {
            var reached = await EntrySender.SendHeldAsync(held.Entry, range with { First = position }, answer, hits, cancellationToken);
            refetches = reached > position ? 0 : refetches + 1;
            position = reached;
            if (position > range.Last)
            {
                return;
            }

            try
            {
                if (refetches > MaxRefetches)
                {
                    throw new StoreFailedException();
                }

                pace.Reached(position);
                if (pace.IsSlow)
                {
                    held.Spread(readAhead.Rest(held.Entry, range with { First = position }));
                }

                var began = time.GetTimestamp();
                await held.EnsureAsync(position, range.Last, read, cancellationToken);
                pace.Waited(began);
            }
            catch (StoreFailedException)
            {
                await StreamRestAsync(held, range with { First = position }, answer, cancellationToken);
                return;
            }
        }
    }

    /// <summary>The store failed: the rest comes from the remote directly (rule R3).</summary>
    private static async Task StreamRestAsync(ActiveEntry held, ByteRange range, S3Response answer, CancellationToken cancellationToken)
    {
        try
        {
            await using var source = await held.Remote.Remote.GetAsync(
                RemoteReads.Of(held.Remote, held.Name.Key, held.Entry.Info.ETag, range), cancellationToken);
            if (source.Info.ETag != held.Entry.Info.ETag || source.Info.Size != held.Entry.Info.Size)
            {
                throw held.Gone(
                    new RemoteException(RemoteFailure.Changed, "The remote sent another version than the one requested."));
            }

            await Streaming.SendAsync(source, range, answer, cancellationToken);
        }
        catch (RemoteException failure) when (RemoteReads.MeansGone(failure))
        {
            throw held.Gone(failure);
        }
    }
}
