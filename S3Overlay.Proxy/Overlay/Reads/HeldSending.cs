using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Reads;

/// <summary>Bytes from a copy to the client, in large pieces straight into its pipe.</summary>
internal static class HeldSending
{
    /// <summary>So often in a row may a byte that was just fetched not come back before the store is given up.</summary>
    private const int MaxRefetches = 3;

    /// <summary>Whether all of some bytes is held.</summary>
    public static bool Covers(IHeldCopy copy, ByteRange range) => copy.FirstHeld(range.First) is { } held && held.First <= range.First && held.Last >= range.Last;

    /// <summary>Returns once the first byte that is not held of some bytes is being stored.</summary>
    /// <exception cref="VersionChangedException">The remote has another version by now.</exception>
    /// <exception cref="RemoteException">The remote did not give it.</exception>
    public static async ValueTask EnsureFirstMissingAsync(HeldObject held, ByteRange range, Following read, CancellationToken cancellationToken)
    {
        var position = range.First;
        while (position <= range.Last && held.Copy.FirstHeld(position) is { } run && run.First <= position)
        {
            position = run.Last + 1;
        }

        if (position > range.Last)
        {
            return;
        }

        try
        {
            await held.EnsureAsync(position, range.Last, read, cancellationToken);
        }
        catch (StoreFailedException)
        {
            // What comes is not stored, and goes to the reader all the same.
        }
    }

    /// <summary>Sends held bytes, up to the first that is not, or is no longer.</summary>
    /// <returns>The position after the last byte sent.</returns>
    public static async ValueTask<long> SendHeldAsync(IHeldCopy copy, ByteRange range, S3Answer answer, ChunkHits? hits, CancellationToken cancellationToken)
    {
        var position = range.First;
        await using var reader = copy.Read(range);
        while (position <= range.Last)
        {
            var wanted = (int)Math.Min(range.Last + 1 - position, Streaming.PieceSize);
            var memory = answer.Body.GetMemory(wanted);
            var read = await reader.ReadAsync(memory[..wanted], cancellationToken);
            if (read == 0)
            {
                return position;
            }

            answer.Advance(read);
            hits?.Sent(position, read);
            position += read;
            if ((await answer.Body.FlushAsync(cancellationToken)).IsCompleted)
            {
                // The client is gone: nothing is left to do for it.
                return range.Last + 1;
            }
        }

        return position;
    }

    /// <summary>Sends bytes as they become held, fetching what nobody fetches yet.</summary>
    /// <exception cref="VersionChangedException">The remote has another version by now.</exception>
    /// <exception cref="RemoteException">The remote did not give them.</exception>
    public static async Task SendAsync(HeldObject held, ByteRange range, S3Answer answer, Following read, ChunkHits? hits, CancellationToken cancellationToken)
    {
        var position = range.First;
        for (var refetches = 0; position <= range.Last;)
        {
            var reached = await SendHeldAsync(held.Copy, range with { First = position }, answer, hits, cancellationToken);
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

                await held.EnsureAsync(position, range.Last, read, cancellationToken);
            }
            catch (StoreFailedException)
            {
                await StreamRestAsync(held, range with { First = position }, answer, cancellationToken);
                return;
            }
        }
    }

    /// <summary>The store failed: the rest comes from the remote directly (rule R3).</summary>
    private static async Task StreamRestAsync(HeldObject held, ByteRange range, S3Answer answer, CancellationToken cancellationToken)
    {
        try
        {
            await using var source = await held.Remote.Remote.GetAsync(
                RemoteReads.Of(held.Remote, held.Name.Key, held.Copy.Info.ETag, range), cancellationToken);
            if (source.Info.ETag != held.Copy.Info.ETag || source.Info.Size != held.Copy.Info.Size)
            {
                throw held.Gone(new RemoteException(RemoteFailure.Changed, "The remote answered with another version than the one asked for."));
            }

            await Streaming.SendAsync(source, range, answer, cancellationToken);
        }
        catch (RemoteException failure) when (RemoteReads.MeansGone(failure))
        {
            throw held.Gone(failure);
        }
    }
}
