using S3Overlay.Proxy.Concurrency;
using S3Overlay.Proxy.Forwarding.BucketCache.Format;
using S3Overlay.Proxy.Forwarding.BucketCache.Known;
using S3Overlay.Proxy.Forwarding.BucketCache.Removal;
using S3Overlay.Proxy.Forwarding.Endpoints;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Forwarding.BucketCache.Writing;

/// <summary>
/// Applies what was learned about entries after their upload: at once in memory, and in the background in the store, without moving bytes.
/// </summary>
/// <remarks>
/// <code>
///   a whole entry       copied onto itself with other metadata, if it is still the object that was read
///   one in chunks       its manifest is written again
/// </code>
/// The store is updated at most every ten minutes with an entry's time, and at once with other headers. The row is written before and
/// checked afterwards, as with any upload.
/// </remarks>
internal sealed class EntryRenewer(
    CacheBucketObjects objects, EntryRenewals renewals, LiveEntries live, ManifestWriter manifests, EntryRows rows, EntryRemoval removal,
    BackgroundWork work, NameLocks<ObjectName> gates, ILogger logger)
{
    /// <summary>Notes what was learned about a version.</summary>
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

    /// <summary>Forgets what was learned about the entry that is replaced: the new one may have the same bytes and other headers.</summary>
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
            // Known here until the process ends, and written with the next renewal.
            Log.RevalidationNotStored(logger, name.Bucket, failure);
        }
    }

    /// <summary>Updates an entry in the cache bucket.</summary>
    private async Task RenewStoredAsync(EntryRenewal renewal, CancellationToken cancellationToken)
    {
        var name = EntryNames.Entry(renewal.Name);
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
            // The metadata no longer fits beside the bytes: the next fill stores the entry in another form.
            await removal.RemoveAsync(renewal.Name, suffix => suffix == EntryNames.RowSuffix(stored.Row), mayHaveChanged: true,
                cancellationToken);
            renewals.ForgetBefore(renewal.Name, DateTimeOffset.MaxValue);
            return;
        }

        // The store may write the manifest late: its row must be young.
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
            await removal.RemoveEvictedAsync(record, cancellationToken);
        }
    }
}
