using S3Overlay.Proxy.Concurrency;
using S3Overlay.Proxy.Forwarding.BucketCache.Format;
using S3Overlay.Proxy.Forwarding.BucketCache.Known;
using S3Overlay.Proxy.Forwarding.BucketCache.Removal;
using S3Overlay.Proxy.Forwarding.Endpoints;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Forwarding.BucketCache.Writing;

/// <summary>
/// Writes manifests after the chunks they name, in the background and at most every two seconds per entry, so that long reads write few.
/// What another process wrote is merged if the store supports If-Match; otherwise a race can only lose cache content.
/// </summary>
internal sealed class ManifestWriter(
    CacheBucketObjects objects, LiveEntries live, BackgroundWork work, EntryRows rows, EntryRemoval removal, NameLocks<ObjectName> gates,
    TimeProvider time, ILogger logger)
{
    /// <summary>How often in a row a write may fail. The next chunk starts over.</summary>
    private const int MaxAttempts = 6;

    /// <summary>How often another process may write it between reading and writing.</summary>
    private const int MaxOvertakings = 10;

    private static readonly TimeSpan Between = TimeSpan.FromSeconds(2);

    /// <summary>Notes that an entry has chunks or metadata that its manifest lacks.</summary>
    /// <returns>
    /// False if the entry was evicted before: the caller must remove what it uploaded. If it is evicted later, the eviction removes it: the
    /// manifest names it by then, or is about to.
    /// </returns>
    public bool TryTell(SharedEntry entry)
    {
        // Registered before checking for a writer: then that writer does not leave because of an eviction, and takes over what others
        // noted.
        if (!live.TryHold(entry))
        {
            return false;
        }

        if (entry.Flush.TryBegin())
        {
            work.Start(cancellationToken => RunAsync(entry, cancellationToken));
        }
        else
        {
            live.EndWork(entry);
        }

        return true;
    }

    private async Task RunAsync(SharedEntry entry, CancellationToken cancellationToken)
    {
        try
        {
            var failures = 0;
            do
            {
                await work.RestAsync(RestBefore(entry, failures), time);
                failures = await TryWriteAsync(entry, cancellationToken) ? 0 : failures + 1;
                entry.Flush.FlushedAt = time.GetTimestamp();
            }
            while (entry.Flush.End(goesOn: !entry.IsEvicted && (failures == 0 || (failures < MaxAttempts && !work.IsClosing))));
        }
        finally
        {
            live.EndWork(entry);
        }
    }

    /// <summary>
    /// Doubles after each failure: chunks without a manifest are useless after a restart, and nothing else writes it again.
    /// </summary>
    private TimeSpan RestBefore(SharedEntry entry, int failures) =>
        entry.Flush.FlushedAt is { } flushed ? (Between * (1 << failures)) - time.GetElapsedTime(flushed) : TimeSpan.Zero;

    private async Task<bool> TryWriteAsync(SharedEntry entry, CancellationToken cancellationToken)
    {
        try
        {
            using var gate = await gates.TakeAsync(entry.Name, cancellationToken);
            await WriteAsync(entry, cancellationToken);
            return true;
        }
        catch (Exception failure)
        {
            if (entry.FailureIsNew())
            {
                Log.CacheUploadFailed(logger, entry.Name.Bucket, failure);
            }

            // It stays due, at the latest with the next chunk.
            entry.Flush.MarkChanged();
            return false;
        }
    }

    private async Task WriteAsync(SharedEntry entry, CancellationToken cancellationToken)
    {
        List<Guid> left = [];
        for (var overtaken = 0; !entry.IsEvicted && !await TryMergeAsync(entry, left, cancellationToken); overtaken++)
        {
            if (overtaken == MaxOvertakings)
            {
                throw new IOException("Other processes write the manifest all the time.");
            }
        }

        if (!entry.IsEvicted && entry.Flush.Stored is { } put && !await rows.SettleAsync(put, cancellationToken))
        {
            if (await removal.HasOtherRowAsync(put, cancellationToken))
            {
                // Another process learned another date: reading it merges both.
                entry.Flush.MarkChanged();
            }
            else
            {
                live.TryWithdraw(entry);
            }
        }

        if (entry.IsEvicted)
        {
            await removal.RemoveEvictedAsync(entry.Flush.Stored ?? entry.Record, cancellationToken);
        }

        foreach (var fill in left)
        {
            removal.RemoveChunks(entry.Name, fill);
        }
    }

    /// <summary>Writes the manifest, merged with the stored one.</summary>
    /// <param name="entry">The entry.</param>
    /// <param name="left">Receives fills that no manifest names any more.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>False if another process wrote it first.</returns>
    private async Task<bool> TryMergeAsync(SharedEntry entry, List<Guid> left, CancellationToken cancellationToken)
    {
        // Read once: another date may be learned at any moment, and what has no row yet must not count as listed.
        var record = entry.Record;
        if (entry.Flush.Stored?.Row != record.Row || (!objects.IsAlone && objects.IsAgeing(entry.Flush.ListedAt)))
        {
            await rows.PutAsync(record, cancellationToken);
            entry.Flush.ListedAt = objects.Now;
        }

        Guid? replaced = null;
        string? etag = null;
        EntryManifest? theirs = null;
        using (var response = await objects.GetAsync(EntryNames.Entry(entry.Name), null, cancellationToken))
        {
            etag = response?.Header("ETag");
            (theirs, var there) = response is null ? default : await ReadAsync(response, cancellationToken);
            var isSame = theirs is not null && theirs.Record.HasSameBytes(entry.Record);
            if (!isSame && (entry.Flush.Stored is not null || there?.ValidatedAt > entry.Record.ValidatedAt))
            {
                // Another process evicted it, or stored what the remote had later: what waited here is older.
                live.TryWithdraw(entry);
                return true;
            }

            if (response is not null && EntryHeaders.IsManifest(response) && EntryHeaders.TryFill(response, out var fill)
                && fill != entry.Record.Fill)
            {
                if (isSame)
                {
                    left.Add(entry.Adopt(theirs!));
                }
                else
                {
                    replaced = fill;
                }

                live.Adopted(entry);
            }
        }

        var merged = entry.Manifest(theirs?.Record.Fill == entry.Record.Fill ? theirs : null);
        if (merged.Record.Row != record.Row)
        {
            // The remote has given it another date a moment ago.
            await rows.PutAsync(merged.Record, cancellationToken);
        }

        if (!await objects.TryPutAsync(EntryNames.Entry(entry.Name), etag, WireBody.Of(merged.ToBytes()),
            EntryHeaders.OfManifest(merged.Record), cancellationToken))
        {
            return false;
        }

        entry.Flush.Stored = merged.Record;
        if (replaced is { } unnamed)
        {
            left.Add(unnamed);
        }

        return true;
    }

    /// <summary>The stored entry, whole or in chunks; what cannot be read is written anew.</summary>
    private static async Task<(EntryManifest? Manifest, EntryRecord? Record)> ReadAsync(
        WireResponse response, CancellationToken cancellationToken)
    {
        try
        {
            var manifest = EntryHeaders.IsManifest(response) ? await EntryManifest.ReadAsync(response, cancellationToken) : null;
            return (manifest, manifest?.Record ?? EntryHeaders.ReadWhole(response));
        }
        catch (InvalidDataException)
        {
            return default;
        }
    }
}
