using System.Globalization;

using S3Overlay.Proxy.Forwarding.BucketCache.Format;
using S3Overlay.Proxy.Forwarding.BucketCache.Known;
using S3Overlay.Proxy.Forwarding.BucketCache.Spooling;
using S3Overlay.Proxy.Forwarding.BucketCache.Writing;
using S3Overlay.Proxy.Forwarding.Wire;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Forwarding.BucketCache.Reading;

/// <summary>Finds copies in the store, and begins in the same call the read that they are looked for.</summary>
/// <param name="objects">The store's objects.</param>
/// <param name="live">What is known of copies already.</param>
/// <param name="renewals">What was learned of them since they were put.</param>
/// <param name="chunks">Chunks that are objects of their own.</param>
/// <param name="publisher">Takes what is written to a copy to the store.</param>
/// <param name="spool">Where new bytes of a copy go.</param>
/// <param name="isShared">Whether other proxies use the store as well.</param>
/// <param name="largestWhole">Objects whose first wanted byte is further on than this are not expected to be held whole: what is asked for
/// is the manifest.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Where damage is told.</param>
internal sealed class EntryLoader(
    CacheBucketObjects objects, LiveEntries live, EntryRenewals renewals, StoredChunks chunks, EntryPublisher publisher, SpoolFolder spool,
    bool isShared, long largestWhole,
    TimeProvider time, ILogger logger)
{
    /// <summary>
    /// A first byte further on than this is not of an object that has one call's worth of bytes: no part of anything is asked for.
    /// </summary>
    private const long Furthest = 1L << 60;

    /// <summary>A hold on a copy, of which the caller is a user.</summary>
    public StoredEntry Lease(SharedEntry copy, StartedRead? started = null) => new(copy, chunks, publisher, live, started);

    /// <summary>
    /// A hold on a copy that was known before, of which the caller is a user, with the read begun that the wish is for; null where the
    /// store lacks a chunk it should have, or another proxy has dropped or replaced the copy.
    /// </summary>
    public async ValueTask<StoredEntry?> LeaseKnownAsync(SharedEntry copy, LookupHint wish, CancellationToken cancellationToken)
    {
        if (!isShared)
        {
            return await LeaseAsync(copy, wish, cancellationToken);
        }

        // What another proxy has taken back has chunks for a while still, for those who are reading it. Whether it was is asked for while
        // the first of them is on its way.
        var looking = IsStillThereAsync(copy, cancellationToken);
        StoredEntry? lease;
        try
        {
            lease = await LeaseAsync(copy, wish, cancellationToken);
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
                live.Release(copy);
            }

            throw;
        }

        await lease.GiveBackAsync();
        return null;
    }

    /// <summary>
    /// A hold on a copy, of which the caller is a user, with the read begun that the wish is for; null where the store lacks a chunk it
    /// should have.
    /// </summary>
    public async ValueTask<StoredEntry?> LeaseAsync(SharedEntry copy, LookupHint wish, CancellationToken cancellationToken)
    {
        if (!wish.ReadsBytes || copy.Layout.Size == 0 || Wanted(wish, copy.Layout.Size) is not { } wanted)
        {
            return Lease(copy);
        }

        try
        {
            var chunk = copy.Layout.At(wanted.First);
            if (!copy.IsStored(chunk, out _))
            {
                return Lease(copy);
            }

            var bytes = copy.Layout.BytesOf(chunk);
            var part = new ByteRange(wanted.First - bytes.First, Math.Min(wanted.Last, bytes.Last) - bytes.First);
            return await chunks.OpenAsync(copy, chunk, part, cancellationToken) is { } reader
                ? Lease(copy, new StartedRead(chunk, part.Last, reader)) : null;
        }
        catch
        {
            live.Release(copy);
            throw;
        }
    }

    /// <summary>Whether the store has a copy still; so it is of one that is not all there yet.</summary>
    private async Task<bool> IsStillThereAsync(SharedEntry copy, CancellationToken cancellationToken)
    {
        if (!live.IsAtRest(copy))
        {
            return true;
        }

        using var answer = await objects.HeadAsync(EntryNames.Copy(copy.Name), cancellationToken);
        return answer is not null && EntryHeaders.TryFill(answer, out var fill) && fill == copy.Record.Fill;
    }

    private static ByteRange? Wanted(LookupHint wish, long size) => wish.Range is { } range ? range.Resolve(size)
        : new ByteRange(0, size - 1);

    /// <summary>The copy that the store has of a key, or null.</summary>
    /// <exception cref="IOException">The store failed.</exception>
    public async Task<ICacheEntry?> LoadAsync(ObjectName name, LookupHint wish, CancellationToken cancellationToken)
    {
        var reads = wish.ReadsBytes && wish.Range is not ({ First: > Furthest } or { Suffix: 0 });
        var since = live.Seek(name);
        WireResponse? answer = null;
        try
        {
            answer = reads
                ? await objects.GetAsync(EntryNames.Copy(name), PartOf(wish.Range), cancellationToken)
                : await objects.HeadAsync(EntryNames.Copy(name), cancellationToken);
            if (answer is null)
            {
                // Somebody in this process may have begun to fill it meanwhile.
                return live.Use(name, out _) is { } filling ? Lease(filling) : null;
            }

            if (EntryHeaders.IsManifest(answer))
            {
                return await LoadManifestAsync(name, wish, answer, reads, since, cancellationToken);
            }

            var record = renewals.Apply(EntryHeaders.ReadWhole(answer));
            RequireName(record, name);
            if (live.Use(name, out var isDropped) is { } known)
            {
                return Lease(known);
            }

            if (isDropped)
            {
                return null;
            }

            var stored = new ChunkSet(record.Info.Size == 0 ? 0 : 1);
            if (record.Info.Size > 0)
            {
                stored.Add(0);
            }

            var copy = new SharedEntry(record, stored, isManifest: false, spool, logger) { Since = since, WasFound = true };
            StartedRead? started = null;
            if (reads && record.Info.Size > 0)
            {
                started = await StartedAsync(answer, record, cancellationToken);
                answer = null;
            }

            live.UseUnknown(copy);
            return Lease(copy, started);
        }
        catch (InvalidDataException failure)
        {
            Log.HeldCopyUnusable(logger, name.Bucket, failure.Message);
            return null;
        }
        finally
        {
            live.EndSeek(name);
            answer?.Dispose();
        }
    }

    private async Task<ICacheEntry?> LoadManifestAsync(ObjectName name, LookupHint wish, WireResponse answer, bool reads, long since,
        CancellationToken cancellationToken)
    {
        var isWhole = reads && (answer.Status == 200 || (answer.ContentRange is { } part && part.Range.Length == part.Total));
        using var again = isWhole ? null : await objects.GetAsync(EntryNames.Copy(name), null, cancellationToken);
        if (!isWhole && (again is null || !EntryHeaders.IsManifest(again)))
        {
            // Replaced between the two calls: what is there now is found by the next who looks.
            return null;
        }

        var manifest = await EntryManifest.ReadAsync(isWhole ? answer : again!, cancellationToken);
        RequireName(manifest.Record, name);
        if (live.AddOrUse(new SharedEntry(manifest.Record, manifest.Chunks, isManifest: true, spool, logger) { Since = since,
            WasFound = true, Flush = { Stored = manifest.Record } }) is not { } copy)
        {
            return null;
        }

        // Once it is among those that are told what is learned: nothing can be learned between the two unnoticed.
        copy.Renew(renewals.Apply);
        return await LeaseAsync(copy, wish, cancellationToken) ?? Lease(copy);
    }

    private async Task<StartedRead> StartedAsync(WireResponse answer, EntryRecord record, CancellationToken cancellationToken)
    {
        try
        {
            var last = answer.Status == 206 && answer.ContentRange is { } part && part.Range.Last + 1 < part.Total
                ? ((part.Range.Last + 1) / EntryFrames.FrameSize * EntryFrames.BlockSize) - 1
                : record.Info.Size - 1;
            return new StartedRead(
                0, last, await FramedReader.OpenAsync(answer, record.Fill, 0, record.Info.Size, time, cancellationToken));
        }
        catch
        {
            answer.Dispose();
            throw;
        }
    }

    /// <summary>The part of a copy's object, whose size is not known yet, that holds what is wished for; null for all of it.</summary>
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
