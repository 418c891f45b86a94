using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Proxy.Overlay.Listings;

/// <summary>
/// Finds out whether anything under a remote common prefix is visible, when some of it was deleted here (rule L1) or other remotes have a
/// part of it (rule M3). Walks the remotes' keys and the tombstones side by side until a key without a tombstone appears.
/// </summary>
/// <remarks>
/// With n tombstones, one of n + 1 keys is visible. So one page of n + 1 keys decides for n below a thousand; otherwise each undecided page
/// has used up a thousand tombstones: at most n/1000 + 1 pages (rule L2). Each further remote under the prefix, and each skip over its
/// keys, may cost one more.
/// </remarks>
public sealed class PrefixProbe(ILayerState layer, BelowLocal below, ListingPosition after)
{
    /// <summary>
    /// True if a key under <paramref name="prefix"/> is visible. Asks the remote only if tombstones or several remotes lie under it.
    /// </summary>
    public Task<bool> FindsVisibleAsync(string prefix, CancellationToken cancellationToken) =>
        FindsVisibleAsync(prefix, hasKeys: true, cancellationToken);

    /// <summary>The same for a prefix under which the remote has shown no key yet.</summary>
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
