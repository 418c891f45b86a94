using S3Overlay.Proxy.Concurrency;
using S3Overlay.Proxy.Forwarding.BucketCache.Format;
using S3Overlay.Proxy.Forwarding.BucketCache.Known;
using S3Overlay.Proxy.Forwarding.BucketCache.Removal;
using S3Overlay.Proxy.Forwarding.Wire;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Forwarding.BucketCache.Writing;

/// <summary>
/// Writes manifests after the chunks they name, in the background and not more often than every two seconds a copy, so that a long read
/// costs few of them. What another process wrote meanwhile is kept, in whatever moment where the store judges If-Match; elsewhere what is
/// lost in a race is cache and nothing else.
/// </summary>
internal sealed class ManifestWriter(
    CacheBucketObjects objects, LiveEntries live, BackgroundWork work, EntryRows rows, EntryRemoval removal, NameLocks<ObjectName> gates,
    TimeProvider time, ILogger logger)
{
    /// <summary>So often in a row may a write fail; after that the next chunk begins anew.</summary>
    private const int MaxAttempts = 6;

    /// <summary>So often may others write it between this one's reading and writing.</summary>
    private const int MaxOvertakings = 10;

    private static readonly TimeSpan Between = TimeSpan.FromSeconds(2);

    /// <summary>A copy has chunks in the store that its manifest does not name, or more is known of it than that says.</summary>
    /// <returns>
    /// False where the copy was dropped before, and nobody looks after what the caller has put of it. One that is dropped from now on takes
    /// that with it: its manifest names it by then, or is about to be written by who sees the drop.
    /// </returns>
    public bool TryTell(SharedEntry copy)
    {
        // Held before it is looked whether somebody writes already: he does not leave because of a drop then, and what others have told him
        // with it.
        if (!live.TryHold(copy))
        {
            return false;
        }

        if (copy.Flush.TryBegin())
        {
            work.Start(cancellationToken => RunAsync(copy, cancellationToken));
        }
        else
        {
            live.LetGo(copy);
        }

        return true;
    }

    private async Task RunAsync(SharedEntry copy, CancellationToken cancellationToken)
    {
        try
        {
            var failures = 0;
            do
            {
                await work.RestAsync(RestBefore(copy, failures), time);
                failures = await TryWriteAsync(copy, cancellationToken) ? 0 : failures + 1;
                copy.Flush.FlushedAt = time.GetTimestamp();
            }
            while (copy.Flush.End(goesOn: !copy.IsDropped && (failures == 0 || (failures < MaxAttempts && !work.IsClosing))));
        }
        finally
        {
            live.LetGo(copy);
        }
    }

    /// <summary>
    /// Twice as long after each failure: chunks that no manifest names are of no use after the end of the process, and nothing else writes
    /// it again.
    /// </summary>
    private TimeSpan RestBefore(SharedEntry copy, int failures) =>
        copy.Flush.FlushedAt is { } flushed ? (Between * (1 << failures)) - time.GetElapsedTime(flushed) : TimeSpan.Zero;

    private async Task<bool> TryWriteAsync(SharedEntry copy, CancellationToken cancellationToken)
    {
        try
        {
            using var gate = await gates.TakeAsync(copy.Name, cancellationToken);
            await WriteAsync(copy, cancellationToken);
            return true;
        }
        catch (Exception failure)
        {
            if (copy.FailureIsNew())
            {
                Log.HeldUploadFailed(logger, copy.Name.Bucket, failure);
            }

            // It is to be written still, with the next chunk if not before.
            copy.Flush.MarkChanged();
            return false;
        }
    }

    private async Task WriteAsync(SharedEntry copy, CancellationToken cancellationToken)
    {
        List<Guid> left = [];
        for (var overtaken = 0; !copy.IsDropped && !await TryMergeAsync(copy, left, cancellationToken); overtaken++)
        {
            if (overtaken == MaxOvertakings)
            {
                throw new IOException("Other processes write the manifest all the time.");
            }
        }

        if (!copy.IsDropped && copy.Flush.Stored is { } put && !await rows.SettleAsync(put, cancellationToken))
        {
            if (await removal.HasOtherRowAsync(put, cancellationToken))
            {
                // Another process was told of another date: that is learned by reading it, and written with what this one has.
                copy.Flush.MarkChanged();
            }
            else
            {
                live.TryWithdraw(copy);
            }
        }

        if (copy.IsDropped)
        {
            await removal.RemoveDroppedAsync(copy.Flush.Stored ?? copy.Record, cancellationToken);
        }

        foreach (var fill in left)
        {
            removal.RemoveChunks(copy.Name, fill);
        }
    }

    /// <summary>Writes the manifest, with what the store's one says besides.</summary>
    /// <param name="copy">The copy.</param>
    /// <param name="left">Gets fills that no manifest names any more.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>False where somebody else has written it meanwhile.</returns>
    private async Task<bool> TryMergeAsync(SharedEntry copy, List<Guid> left, CancellationToken cancellationToken)
    {
        // Read once: another date may be learned at any moment, and what has no row yet is not to be taken for listed.
        var record = copy.Record;
        if (copy.Flush.Stored?.Row != record.Row || (!objects.IsAlone && objects.IsAgeing(copy.Flush.ListedAt)))
        {
            await rows.PutAsync(record, cancellationToken);
            copy.Flush.ListedAt = objects.Now;
        }

        Guid? replaced = null;
        string? etag = null;
        EntryManifest? theirs = null;
        using (var answer = await objects.GetAsync(EntryNames.Copy(copy.Name), null, cancellationToken))
        {
            etag = answer?.Header("ETag");
            theirs = answer is not null && EntryHeaders.IsManifest(answer) ? await ReadAsync(answer, cancellationToken) : null;
            if (copy.Flush.Stored is not null && (theirs is null || !theirs.Record.HasSameBytes(copy.Record)))
            {
                // It was dropped, or a newer version put in its place, by another process.
                live.TryWithdraw(copy);
                return true;
            }

            if (answer is not null && EntryHeaders.IsManifest(answer) && EntryHeaders.TryFill(answer, out var fill)
                && fill != copy.Record.Fill)
            {
                if (theirs is not null && theirs.Record.HasSameBytes(copy.Record))
                {
                    left.Add(copy.Adopt(theirs));
                }
                else
                {
                    replaced = fill;
                }

                live.Adopted(copy);
            }
        }

        var merged = copy.Manifest(theirs?.Record.Fill == copy.Record.Fill ? theirs : null);
        if (merged.Record.Row != record.Row)
        {
            // The remote has given it another date a moment ago.
            await rows.PutAsync(merged.Record, cancellationToken);
        }

        if (!await objects.TryPutAsync(EntryNames.Copy(copy.Name), etag, WireBody.Of(merged.ToBytes()),
            EntryHeaders.OfManifest(merged.Record), cancellationToken))
        {
            return false;
        }

        copy.Flush.Stored = merged.Record;
        if (replaced is { } unnamed)
        {
            left.Add(unnamed);
        }

        return true;
    }

    private static async Task<EntryManifest?> ReadAsync(WireResponse answer, CancellationToken cancellationToken)
    {
        try
        {
            return await EntryManifest.ReadAsync(answer, cancellationToken);
        }
        catch (InvalidDataException)
        {
            // What cannot be read is written anew.
            return null;
        }
    }
}
