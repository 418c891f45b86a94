using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Proxy.Overlay.Listings;

/// <summary>
/// Reads the keys of many folders at once and decides which of them have something visible: walks a page of the remote's keys and the
/// tombstones side by side.
/// </summary>
/// <param name="layer">The local layer.</param>
/// <param name="below">What is below it.</param>
/// <param name="listing">The listing's query.</param>
public sealed class PrefixReading(ILayerState layer, BelowLocal below, ListingQuery listing)
{
    /// <summary>Reads one page.</summary>
    /// <param name="first">The first folder.</param>
    /// <param name="size">How many keys.</param>
    /// <param name="cancellationToken">Cancels the read.</param>
    /// <returns>For each folder with tombstones on the page: true if a key under it is visible. Without the last folder if only the next
    /// page would decide it.</returns>
    public async Task<Dictionary<string, bool>> ReadAsync(string first, int size, CancellationToken cancellationToken)
    {
        var start = Places.Before(first);
        await using var keys = below.Open(listing with { Delimiter = "", After = new ListingPosition(start, false), PageSize = size });
        await using var tombstones =
            new KeyCursor<string>((from, token) => layer.ListDeletedAsync(below.Bucket, listing.Prefix, from, token), key => key, start);
        var found = new Dictionary<string, bool>(StringComparer.Ordinal);
        var (folder, isVisible, hasTombstones) = ((string?)null, false, false);
        for (var row = await keys.NextAsync(cancellationToken); row is not null; row = keys.HasRowAtHand
            ? await keys.NextAsync(cancellationToken) : null)
        {
            if (Utf8Order.Compare(row.Name, first) < 0)
            {
                continue;
            }

            if (folder is null || !row.Name.StartsWith(folder, StringComparison.Ordinal))
            {
                Note();
                (folder, isVisible, hasTombstones) = (listing.CommonPrefixOf(row.Name), false, false);
            }

            if (folder is not null && !isVisible)
            {
                var tombstone = await tombstones.SeekAsync(row.Name, cancellationToken);
                isVisible = tombstone != row.Name;
                hasTombstones |= tombstone is not null && tombstone.StartsWith(folder, StringComparison.Ordinal);
            }
        }

        if (isVisible || keys.IsDone)
        {
            Note();
        }

        return found;

        void Note()
        {
            // Under a folder where another remote's keys start there may be more than was read.
            if (folder is not null && hasTombstones && !below.BeginUnder(folder))
            {
                found[folder] = isVisible;
            }
        }
    }
}
