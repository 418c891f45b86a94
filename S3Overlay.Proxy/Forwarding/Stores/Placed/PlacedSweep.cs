using S3Overlay.Proxy.Forwarding.Stores.Held.Format;
using S3Overlay.Proxy.Forwarding.Stores.Held.Rows;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Forwarding.Stores.Placed;

/// <summary>Finds unfinished rows of copies under their own keys that were left for a copy that may come yet, and never came.</summary>
internal sealed class PlacedSweep(PlacedCopies copies)
{
    /// <summary>Looks through all rows: a call for a thousand, and three or four more for each that is unfinished and old.</summary>
    /// <param name="before">The youngest that is old, by the store's date.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>How many were removed.</returns>
    /// <exception cref="IOException">The store failed; what was found so far is removed.</exception>
    public async Task<long> RunAsync(DateTimeOffset before, CancellationToken cancellationToken)
    {
        var removed = 0L;
        await foreach (var row in copies.Objects.ListAsync(CacheNames.AllPlacedRows, "", cancellationToken))
        {
            if (row.Object is { } listed && listed.LastModified <= before && PlacedNames.Unfinished(row.Name) == row.Name
                && await NameOfAsync(row.Name, cancellationToken) is { } name
                && await TryRemoveAsync(name, row.Name, cancellationToken))
            {
                removed++;
            }
        }

        return removed;
    }

    private async Task<bool> TryRemoveAsync(ObjectName name, string row, CancellationToken cancellationToken)
    {
        var version = HeldNames.RowSuffix(PlacedNames.ParseSuffix(name.Key, HeldNames.SuffixOf(row))!);
        try
        {
            if (await copies.FindAsync(name, cancellationToken) is { } found && IsMeant(found.Record.Row))
            {
                return false;
            }

            // A copy that is put in this very moment goes as well: what is lost is cache and nothing else. Before the row, since without that it would be taken for written; and after it, since it may have come between.
            await copies.RemoveObjectAsync(name, IsMeant, cancellationToken);
            await copies.DeleteRowAsync(name, row, cancellationToken);
            await copies.RemoveObjectAsync(name, IsMeant, cancellationToken);
            return true;
        }
        catch (S3Exception failure)
        {
            throw new IOException(failure.Message, failure);
        }

        bool IsMeant(HeldRow other) => HeldNames.RowSuffix(other) == version;
    }

    /// <summary>Whose row it is; null where nothing tells.</summary>
    private async ValueTask<ObjectName?> NameOfAsync(string row, CancellationToken cancellationToken)
    {
        var path = row[CacheNames.AllPlacedRows.Length..row.LastIndexOf('/')];
        var slash = path.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0 || CacheNames.IsHashed(path))
        {
            return null;
        }

        var (bucket, encoded) = (path[..slash], path[(slash + 1)..]);
        var key = CacheNames.IsCut(encoded) ? await RowBodies.KeyInAsync(copies.Objects, row, cancellationToken) : CacheNames.TryDecode(encoded, out var decoded) ? decoded : null;
        return key is null ? null : new ObjectName(bucket, key);
    }
}
