using S3Overlay.Proxy.Forwarding.BucketCache.Format;
using S3Overlay.Proxy.Forwarding.BucketCache.Writing;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Forwarding.Stores.Placed;

/// <summary>
/// Tells the store what was learned of copies under their own keys: each is copied onto itself with another mark, and rows as when it was
/// put.
/// </summary>
/// <remarks>
/// Never while a client's write may take the copy's place: writes of this process are kept out by the key's lock. Those of other proxies
/// are not, and one that writes the copy's very bytes would be made a copy: where there are others, nothing is told, and each proxy knows
/// what it learned itself.
/// </remarks>
internal sealed class PlacedRenewal(LocalStore store, PlacedCopies copies)
{
    private readonly PlacedRows _rows = new(copies);

    /// <summary>Tells the store what was learned of the copy under a key, where that is not known to it.</summary>
    /// <returns>Whether it knows now.</returns>
    public async Task<bool> TryRenewAsync(EntryRenewal renewal, CancellationToken cancellationToken)
    {
        var bucket = renewal.Name.Bucket;
        if (!store.IsAlone || !copies.Buckets.TryEnter(bucket))
        {
            return false;
        }

        try
        {
            // Copied onto itself where each write is kept, it would be one version more.
            return await copies.Buckets.IsFitAsync(bucket, cancellationToken) && await TryRenewEnteredAsync(renewal, cancellationToken);
        }
        finally
        {
            copies.Buckets.Leave(bucket);
        }
    }

    private async Task<bool> TryRenewEnteredAsync(EntryRenewal renewal, CancellationToken cancellationToken)
    {
        using var begun = copies.TryBeginPut(renewal.Name);
        if (begun is null || await copies.FindAsync(renewal.Name, cancellationToken) is not { } found
            || !copies.Renewals.IsDue(found.Record))
        {
            return false;
        }

        var md5 = ETags.Bare(found.StoreETag).ToString();
        IReadOnlyList<KeyValuePair<string, string>>? headers = null;
        var record = renewal.Apply(found.Record).Fitting(
            found.Record, candidate => (headers = PlacedMark.Headers(candidate, md5)) is not null && PlacedNames.HasRow(candidate, md5));
        if (record is null || headers is null)
        {
            // More metadata than there is room for: it is fetched anew, and kept elsewhere.
            await copies.RemoveAsync(renewal.Name, row => row == found.Record.Row, cancellationToken);
            copies.Renewals.ForgetBefore(renewal.Name, DateTimeOffset.MaxValue);
            return true;
        }

        if (await TryReplaceAsync(record, md5, headers, cancellationToken) is not { } renewed)
        {
            return false;
        }

        copies.Renewals.Told(renewal, record);
        await _rows.FinishAsync(record, md5, renewed.Placed, cancellationToken);
        return true;
    }

    private async Task<PlacedObject?> TryReplaceAsync(
        EntryRecord record, string md5, IReadOnlyList<KeyValuePair<string, string>> headers, CancellationToken cancellationToken)
    {
        // A tool at the store itself may write all the same: other bytes than the copy's stay, where the store looks at the condition.
        var isConditional = await copies.CopiesIfAsync(cancellationToken);

        // With the lock held it is looked at once more: a write that came first leaves another object, or one without a mark.
        using var changing = await copies.ChangeAsync(record.Name, cancellationToken);
        if (await copies.LookAsync(record.Name, cancellationToken) is not { } found || !found.Record.HasSameBytes(record)
            || !ETags.Same(found.StoreETag, md5))
        {
            return null;
        }

        var unfinished = PlacedNames.Row(record, md5, null);
        await _rows.PutAsync(record, unfinished, cancellationToken);
        var isReplaced = await store.Calls.TryReplaceMetadataAsync(
            record.Name.Bucket, record.Name.Key, found.StoreETag, isConditional ? [.. headers, new("If-Match", found.StoreETag)]
                : headers, cancellationToken);
        var renewed = isReplaced ? await copies.FindAsync(record.Name, cancellationToken) : null;
        if (renewed is null)
        {
            await _rows.TakeBackAsync(record.Name, unfinished, cancellationToken);
        }

        return renewed;
    }
}
