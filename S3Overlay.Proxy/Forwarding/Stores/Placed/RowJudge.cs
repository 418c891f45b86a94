using S3Overlay.Proxy.Forwarding.Wire;
using S3Overlay.Proxy.Protocol.Listings;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Forwarding.Stores.Placed;

/// <summary>
/// Tells copies from written objects in listings of the store, which show no metadata: by the rows of copies, and where these do not tell,
/// by a look at the object.
/// </summary>
internal sealed class RowJudge(LocalStore store, UnsettledWrites unsettled)
{
    /// <summary>What an object in a listing of the store is.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="shown">What the store's page shows of it.</param>
    /// <param name="rows">The rows of copies of its key, read after the page.</param>
    /// <param name="retired">Of which keys rows went since the listing began: what is left of them, or was read before, does not
    /// tell.</param>
    /// <param name="cancellationToken">Ends the look.</param>
    public async ValueTask<JudgedRow> JudgeAsync(
        ObjectName name, ListedObject shown, IReadOnlyList<PlacedRow> rows, RetiredWatch retired, CancellationToken cancellationToken)
    {
        var alike = rows.Where(row => row.Size == shown.Size && ETags.Same(row.StoreETag, shown.ETag)).ToList();

        // In this order: whoever settles writes of a key has noted before that its rows go.
        var isUnsettled = unsettled.Has(name, out var last);
        if (!retired.Has(name.Key))
        {
            var isAsPut = alike.Any(row => row.Placed == HttpDates.WholeSeconds(shown.LastModified));
            if (alike.Count == 0 || (!isUnsettled && (isAsPut || alike.All(row => row.Placed is not null))))
            {
                return new(isAsPut ? null : shown);
            }
        }

        using var answer = await store.Calls.SendAsync(new WireRequest("HEAD", name.Bucket, name.Key, "", []), cancellationToken);
        if (PlacedMark.Read(answer, name) is not null)
        {
            // The write failed, or is another than this one.
            unsettled.Settle(name, last);
            return new(null);
        }

        return answer.Status switch
        {
            < 300 => new(AsFound(shown, answer)),

            // An object under a client's key.
            400 => new(shown),

            // Neither kind was there all along. Older versions under a delete marker are written ones.
            404 => answer.Header("x-amz-delete-marker") == "true" ? new(shown) : new(null, IsGone: true),
            _ => throw await StoreCalls.RefusedAsync(answer, cancellationToken),
        };
    }

    /// <summary>
    /// A written object that took the place of what the page shows, perhaps of a copy, is shown as it is: with the copy's date it never
    /// was.
    /// </summary>
    private static ListedObject AsFound(ListedObject shown, WireResponse answer) =>
        answer.Header("ETag") is not { } etag
        || answer.ContentLength is not { } size
        || !HttpDates.TryParseHeader(answer.Header("Last-Modified"), out var date)
        || (size == shown.Size && ETags.Same(etag, shown.ETag) && date == HttpDates.WholeSeconds(shown.LastModified))
            ? shown
            : new ListedObject(size, etag, date) { StorageClass = answer.Header("x-amz-storage-class") ?? "STANDARD" };
}
