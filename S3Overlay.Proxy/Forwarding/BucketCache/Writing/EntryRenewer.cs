using S3Overlay.Proxy.Concurrency;
using S3Overlay.Proxy.Forwarding.BucketCache.Format;
using S3Overlay.Proxy.Forwarding.BucketCache.Known;
using S3Overlay.Proxy.Forwarding.BucketCache.Removal;
using S3Overlay.Proxy.Forwarding.Wire;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Forwarding.BucketCache.Writing;

/// <summary>
/// Keeps what was learned of copies after they were put: at once in memory, where those who look for them find it, and in the background in
/// the store, whose bytes stay where they are.
/// </summary>
/// <remarks>
/// <code>
///   a copy that is one object    copied onto itself with other metadata, as long as it is the object that was looked at
///   one in chunks                its manifest is written anew
/// </code>
/// The store is told at most every ten minutes of a copy's time, and at once of other headers. A row is put before and looked for
/// afterwards, as with any copy that is put.
/// </remarks>
internal sealed class EntryRenewer(
    CacheBucketObjects objects, EntryRenewals renewals, LiveEntries live, ManifestWriter manifests, EntryRows rows, EntryRemoval removal,
    BackgroundWork work, NameLocks<ObjectName> gates,
    ILogger logger)
{
    /// <summary>Notes what was learned of a version.</summary>
    public void Renew(EntryRenewal renewal)
    {
        var isDue = renewals.Note(renewal);
        var known = live.Renew(renewal);
        if (!isDue)
        {
            return;
        }

        if (known is { IsManifest: true, Flush.Stored: { } stored })
        {
            if (renewals.IsDue(stored))
            {
                known.Flush.MarkChanged();
                manifests.TryTell(known);
            }
        }
        else
        {
            work.Start(cancellationToken => KeepAsync(renewal.Name, cancellationToken));
        }
    }

    /// <summary>
    /// Forgets what was learned of the copy in whose place another is put: that may have the same bytes, and other headers.
    /// </summary>
    public void ForgetBefore(EntryRecord next) => renewals.ForgetBefore(next.Name, next.ValidatedAt);

    private async Task KeepAsync(ObjectName name, CancellationToken cancellationToken)
    {
        try
        {
            using var gate = await gates.TakeAsync(name, cancellationToken);
            if (renewals.TryGetDue(name, out var renewal))
            {
                await RenewStoredAsync(renewal, cancellationToken);
            }
        }
        catch (Exception failure)
            when (failure is IOException or S3Exception or HttpRequestException or InvalidDataException or OperationCanceledException)
        {
            // Known here until the end of the process; and to be told to the store with the next renewal.
            Log.HeldRenewalFailed(logger, name.Bucket, failure);
        }
    }

    /// <summary>Tells the store what was learned of a copy in the cache bucket, where that is not known to it.</summary>
    private async Task RenewStoredAsync(EntryRenewal renewal, CancellationToken cancellationToken)
    {
        var name = EntryNames.Copy(renewal.Name);
        using var there = await objects.HeadAsync(name, cancellationToken);
        if (there is null)
        {
            return;
        }

        EntryManifest? manifest = null;
        var etag = there.Header("ETag");
        if (EntryHeaders.IsManifest(there))
        {
            using var whole = await objects.GetAsync(name, null, cancellationToken);
            etag = whole?.Header("ETag");
            manifest = whole is not null && EntryHeaders.IsManifest(whole) ? await EntryManifest.ReadAsync(whole, cancellationToken) : null;
            if (manifest is null)
            {
                return;
            }
        }

        var stored = manifest?.Record ?? EntryHeaders.ReadWhole(there);
        if (stored.Name != renewal.Name || !renewals.IsDue(stored))
        {
            return;
        }

        IReadOnlyList<KeyValuePair<string, string>>? headers = null;
        var record = renewal.Apply(stored).Fitting(stored, candidate =>
            (headers = manifest is null ? EntryHeaders.OfWhole(candidate) : EntryHeaders.OfManifest(candidate)) is not null);
        if (record is null || headers is null)
        {
            // More metadata than there is room for beside the bytes: it is fetched anew, into a copy of another form.
            await removal.RemoveAsync(renewal.Name, suffix => suffix == EntryNames.RowSuffix(stored.Row), mayHaveChanged: true,
                cancellationToken);
            renewals.ForgetBefore(renewal.Name, DateTimeOffset.MaxValue);
            return;
        }

        // A manifest is put, and the store may do that late: its row must be a young one then.
        if (record.Row != stored.Row || (manifest is not null && !objects.IsAlone))
        {
            await rows.PutAsync(record, cancellationToken);
        }

        var isWritten = manifest is null
            ? await objects.TryReplaceMetadataAsync(name, etag ?? "", headers, cancellationToken)
            : await objects.TryPutAsync(name, etag, WireBody.Of((manifest with { Record = record }).ToBytes()), headers, cancellationToken);
        if (!isWritten)
        {
            if (record.Row != stored.Row)
            {
                await removal.RemoveRowAsync(record, cancellationToken);
            }

            return;
        }

        renewals.Told(renewal, record);
        if (!await rows.SettleAsync(record, cancellationToken))
        {
            await removal.RemoveDroppedAsync(record, cancellationToken);
        }
    }
}
