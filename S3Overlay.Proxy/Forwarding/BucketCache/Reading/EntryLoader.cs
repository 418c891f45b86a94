using System.Globalization;

using S3Overlay.Proxy.Forwarding.BucketCache.Format;
using S3Overlay.Proxy.Forwarding.BucketCache.Known;
using S3Overlay.Proxy.Forwarding.BucketCache.Spooling;
using S3Overlay.Proxy.Forwarding.BucketCache.Writing;
using S3Overlay.Proxy.Forwarding.Endpoints;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Forwarding.BucketCache.Reading;

/// <summary>Finds entries in the store, and starts the read they are looked up for in the same call.</summary>
/// <param name="objects">The store's objects.</param>
/// <param name="live">What is known of entries already.</param>
/// <param name="renewals">What was learned about them since their upload.</param>
/// <param name="chunks">Reads chunks that are separate objects.</param>
/// <param name="publisher">Uploads what is written.</param>
/// <param name="spool">Where new bytes of an entry go.</param>
/// <param name="isShared">True if other proxies share the store.</param>
/// <param name="largestWhole">Reads that begin further on expect an entry in chunks, and ask for the manifest.</param>
/// <param name="time">The clock.</param>
internal sealed class EntryLoader(
    CacheBucketObjects objects, LiveEntries live, EntryRenewals renewals, StoredChunks chunks, EntryPublisher publisher, SpoolFolder spool,
    bool isShared, long largestWhole, TimeProvider time, ILogger logger)
{
    /// <summary>Reads that begin further on cannot be of a whole entry: no bytes are requested with the lookup.</summary>
    private const long Furthest = 1L << 60;

    /// <summary>A handle on an entry that the caller uses.</summary>
    public StoredEntry Lease(SharedEntry entry, StartedRead? started = null) => new(entry, chunks, publisher, live, started);

    /// <summary>
    /// A handle on a known entry that the caller uses, with the hinted read started. Null if the store lacks a chunk, or another proxy has
    /// evicted or replaced the entry.
    /// </summary>
    public async ValueTask<StoredEntry?> LeaseKnownAsync(SharedEntry entry, LookupHint wish, CancellationToken cancellationToken)
    {
        if (!isShared)
        {
            return await LeaseAsync(entry, wish, cancellationToken);
        }

        // An entry that another proxy evicted has chunks for a while, for its readers. Check while the first chunk is on its way.
        var looking = IsStillThereAsync(entry, cancellationToken);
        StoredEntry? lease;
        try
        {
            lease = await LeaseAsync(entry, wish, cancellationToken);
        }
        catch
        {
            await looking.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously,
                TaskScheduler.Default);
            throw;
        }

        try
        {
            if (await looking || lease is null)
            {
                return lease;
            }
        }
        catch
        {
            await (lease?.DisposeAsync() ?? ValueTask.CompletedTask);
            if (lease is null)
            {
                live.Release(entry);
            }

            throw;
        }

        await lease.GiveBackAsync();
        return null;
    }

    /// <summary>A handle on an entry that the caller uses, with the hinted read started; null if the store lacks a chunk.</summary>
    public async ValueTask<StoredEntry?> LeaseAsync(SharedEntry entry, LookupHint wish, CancellationToken cancellationToken)
    {
        entry.CountUndelivered();
        if (!wish.ReadsBytes || entry.Layout.Size == 0 || Wanted(wish, entry.Layout.Size) is not { } wanted)
        {
            return Lease(entry);
        }

        try
        {
            var chunk = entry.Layout.At(wanted.First);
            var bytes = entry.Layout.BytesOf(chunk);
            var part = new ByteRange(wanted.First - bytes.First, Math.Min(wanted.Last, bytes.Last) - bytes.First);
            if (entry.InStore(chunk, out _)?.FirstRun(part.First)?.First != part.First)
            {
                return Lease(entry);
            }

            return await chunks.OpenAsync(entry, chunk, part, cancellationToken) is { } started ? Lease(entry, started) : null;
        }
        catch
        {
            live.Release(entry);
            throw;
        }
    }

    /// <summary>True if the store still has the entry. Also true if something of it is being filled or uploaded.</summary>
    private async Task<bool> IsStillThereAsync(SharedEntry entry, CancellationToken cancellationToken)
    {
        if (!live.IsAtRest(entry))
        {
            return true;
        }

        using var response = await objects.HeadAsync(EntryNames.Entry(entry.Name), cancellationToken);
        var isThere = response is not null && EntryHeaders.TryFill(response, out var fill) && fill == entry.Record.Fill;
        if (!isThere && entry.HasWaiting)
        {
            // What waits would be stored for an entry that is gone.
            live.TryWithdraw(entry);
        }

        return isThere;
    }

    private static ByteRange? Wanted(LookupHint wish, long size) => wish.Range is { } range ? range.Resolve(size)
        : new ByteRange(0, size - 1);

    /// <summary>The store's entry of a key; null for none.</summary>
    /// <exception cref="IOException">The store failed.</exception>
    public async Task<ICacheEntry?> LoadAsync(ObjectName name, LookupHint wish, CancellationToken cancellationToken)
    {
        var reads = wish.ReadsBytes && wish.Range is not ({ First: > Furthest } or { Suffix: 0 });
        var since = live.Seek(name);
        WireResponse? response = null;
        try
        {
            response = reads
                ? await objects.GetAsync(EntryNames.Entry(name), PartOf(wish.Range), cancellationToken)
                : await objects.HeadAsync(EntryNames.Entry(name), cancellationToken);
            if (response is null)
            {
                // This process may have begun a fill since.
                return live.Use(name, out _) is { } filling ? Lease(filling) : null;
            }

            if (EntryHeaders.IsManifest(response))
            {
                return await LoadManifestAsync(name, wish, response, reads, since, cancellationToken);
            }

            var record = renewals.Apply(EntryHeaders.ReadWhole(response));
            RequireName(record, name);
            if (live.Use(name, out var isEvicted) is { } known)
            {
                return Lease(known);
            }

            if (isEvicted)
            {
                return null;
            }

            var stored = new NumberSet(record.Info.Size == 0 ? 0 : 1);
            if (record.Info.Size > 0)
            {
                stored.Add(0);
            }

            var entry = new SharedEntry(record, stored, isManifest: false, spool, logger) { Since = since, WasFound = true };
            StartedRead? started = null;
            if (reads && record.Info.Size > 0)
            {
                started = await StartedAsync(response, entry, cancellationToken);
                response = null;
            }

            live.UseUnknown(entry);
            return Lease(entry, started);
        }
        catch (InvalidDataException failure)
        {
            Log.CacheEntryUnusable(logger, name.Bucket, failure.Message);
            return null;
        }
        finally
        {
            live.EndSeek(name);
            response?.Dispose();
        }
    }

    private async Task<ICacheEntry?> LoadManifestAsync(ObjectName name, LookupHint wish, WireResponse response, bool reads, long since,
        CancellationToken cancellationToken)
    {
        var isWhole = reads && (response.Status == 200 || (response.ContentRange is { } part && part.Range.Length == part.Total));
        using var again = isWhole ? null : await objects.GetAsync(EntryNames.Entry(name), null, cancellationToken);
        if (!isWhole && (again is null || !EntryHeaders.IsManifest(again)))
        {
            // Replaced between the two calls: the next lookup finds the new one.
            return null;
        }

        var manifest = await EntryManifest.ReadAsync(isWhole ? response : again!, cancellationToken);
        RequireName(manifest.Record, name);
        if (live.AddOrUse(new SharedEntry(manifest.Record, manifest.Chunks, isManifest: true, spool, logger, manifest.Parts) {
            Since = since, WasFound = true, Flush = { Stored = manifest.Record } }) is not { } entry)
        {
            return null;
        }

        // Only after it is registered for renewals: none is missed in between.
        entry.Renew(renewals.Apply);
        return await LeaseAsync(entry, wish, cancellationToken) ?? Lease(entry);
    }

    /// <summary>The read that the response began; null if the object is cut short. Takes over the response.</summary>
    private async Task<StartedRead?> StartedAsync(WireResponse response, SharedEntry entry, CancellationToken cancellationToken)
    {
        var record = entry.Record;
        try
        {
            var last = response.Status == 206 && response.ContentRange is { } part && part.Range.Last + 1 < part.Total
                ? ((part.Range.Last + 1) / EntryFrames.FrameSize * EntryFrames.BlockSize) - 1 : record.Info.Size - 1;
            return new StartedRead(
                0, last, await FramedReader.OpenAsync(response, record.Fill, 0, ChunkBlocks.Whole(record.Info.Size), time,
                    cancellationToken));
        }
        catch (InvalidDataException failure)
        {
            // Its version is known, and so is that it had bytes: as with a block found damaged later.
            response.Dispose();
            Log.CacheEntryUnusable(logger, record.Name.Bucket, failure.Message);
            entry.Lose(0, record.Fill);
            return null;
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    /// <summary>The range of the object that holds what is wanted; null for all of it. Its size is not known yet.</summary>
    private string? PartOf(RangeHeader? range)
    {
        if (range is { Suffix: { } suffix })
        {
            return string.Create(CultureInfo.InvariantCulture, $"bytes=-{EntryFrames.OfSuffix(suffix)}");
        }

        if (range is not { First: { } first } || first >= largestWhole)
        {
            return null;
        }

        var framed = EntryFrames.Of(new ByteRange(first, range.Value.Last ?? long.MaxValue));
        return framed.Last < long.MaxValue
            ? string.Create(CultureInfo.InvariantCulture, $"bytes={framed.First}-{framed.Last}")
            : string.Create(CultureInfo.InvariantCulture, $"bytes={framed.First}-");
    }

    private static void RequireName(EntryRecord record, ObjectName name)
    {
        if (record.Name != name)
        {
            throw new InvalidDataException("it is of another key");
        }
    }
}
