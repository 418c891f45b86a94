using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Proxy.Overlay.Listings;

/// <summary>
/// Finds out whether anything under a common prefix of the remote is still to be seen, where some of it was deleted here (rule L1) or other
/// remotes are for a part of it (rule M3). The remotes' keys and the tombstones are walked side by side until a key without a tombstone
/// turns up.
/// </summary>
/// <remarks>
/// Of n tombstones and n + 1 keys one key is visible. So a page of n + 1 keys decides where n is below a thousand, and otherwise each page
/// that decides nothing has used up a thousand tombstones: at most n/1000 + 1 pages (rule L2). Each further remote under the prefix, and
/// each step over its keys, may cost one more.
/// </remarks>
public sealed class PrefixProbe(ILayerState layer, BelowLocal below, ListingPosition after)
{
    /// <summary>
    /// Whether a key under <paramref name="prefix"/> is visible. Asks the remote only where there are tombstones under it, or several
    /// remotes.
    /// </summary>
    public Task<bool> FindsVisibleAsync(string prefix, CancellationToken cancellationToken) =>
        FindsVisibleAsync(prefix, hasKeys: true, cancellationToken);

    /// <summary>The same, for a prefix that the remote was not heard to have any key under.</summary>
    public Task<bool> FindsAnyAsync(string prefix, CancellationToken cancellationToken) =>
        FindsVisibleAsync(prefix, hasKeys: false, cancellationToken);

    private async Task<bool> FindsVisibleAsync(string prefix, bool hasKeys, CancellationToken cancellationToken)
    {
        var start = after.Name.StartsWith(prefix, StringComparison.Ordinal) ? after : ListingPosition.Start;
        var count = await CountTombstonesAsync(prefix, Places.After(start), cancellationToken);
        if (count == 0 && hasKeys && !below.BeginUnder(prefix))
        {
            return true;
        }

        var query = new ListingQuery(prefix, "", start, Math.Min(count + 1, ListRequest.MaxPage));
        await using var keys = below.Open(query);
        await using var tombstones = new KeyCursor<string>(
            (from, token) => layer.ListDeletedAsync(below.Bucket, prefix, from, token), key => key, Places.After(start));
        while (await keys.NextAsync(cancellationToken) is { } row)
        {
            if (await tombstones.SeekAsync(row.Name, cancellationToken) != row.Name)
            {
                return true;
            }
        }

        return false;
    }

    private async Task<int> CountTombstonesAsync(string prefix, string from, CancellationToken cancellationToken)
    {
        var count = 0;
        await foreach (var unused in layer.ListDeletedAsync(below.Bucket, prefix, from, cancellationToken))
        {
            _ = unused;
            if (++count == ListRequest.MaxPage)
            {
                break;
            }
        }

        return count;
    }
}
