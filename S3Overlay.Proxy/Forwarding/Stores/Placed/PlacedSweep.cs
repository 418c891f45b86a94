using S3Overlay.Proxy.Concurrency;
using S3Overlay.Proxy.Forwarding.BucketCache.Format;
using S3Overlay.Proxy.Forwarding.BucketCache.Rows;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Forwarding.Stores.Placed;

/// <summary>Finds unfinished rows of copies under their own keys that were left for a copy that may come yet, and never came.</summary>
/// <param name="copies">The copies.</param>
/// <param name="gates">Whose turn it is at a key: fills of this process put its rows, and copies, in theirs.</param>
internal sealed class PlacedSweep(PlacedCopies copies, NameLocks<ObjectName> gates)
{
    /// <summary>Looks through all rows: a call for a thousand, and four or five more for each that is unfinished and old.</summary>
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
                && await TryRemoveAsync(name, row.Name, before, cancellationToken))
            {
                removed++;
            }
        }

        return removed;
    }

    private async Task<bool> TryRemoveAsync(ObjectName name, string row, DateTimeOffset before, CancellationToken cancellationToken)
    {
        using var gate = await gates.TakeAsync(name, cancellationToken);
        var version = EntryNames.RowSuffix(PlacedNames.ParseSuffix(name.Key, EntryNames.SuffixOf(row))!);
        try
        {
            if (await copies.FindAsync(name, cancellationToken) is { } found && IsMeant(found.Record.Row))
            {
                return false;
            }

            if (!await IsStillOldAsync(row, before, cancellationToken))
            {
                return false;
            }

            // A copy that is put in this very moment goes as well: what is lost is cache and nothing else. Before the row, since without
            // that it would be taken for written; and after it, since it may have come between.
            using var going = copies.BeginRetiring(name);
            await copies.RemoveObjectAsync(name, IsMeant, cancellationToken);
            await copies.DeleteRowAsync(name, row, cancellationToken);
            await copies.RemoveObjectAsync(name, IsMeant, cancellationToken);
            return true;
        }
        catch (S3Exception failure)
        {
            throw new IOException(failure.Message, failure);
        }

        bool IsMeant(CacheRow other) => EntryNames.RowSuffix(other) == version;
    }

    /// <summary>Whether a row is as old as it was listed: another proxy that fills the same version puts it anew before its copy.</summary>
    private async ValueTask<bool> IsStillOldAsync(string row, DateTimeOffset before, CancellationToken cancellationToken)
    {
        using var answer = await copies.Objects.HeadAsync(row, cancellationToken);
        return answer is not null && HttpDates.TryParseHeader(answer.Header("Last-Modified"), out var date) && date <= before;
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
        var key = CacheNames.IsCut(encoded) ? await RowBodies.KeyInAsync(copies.Objects, row, cancellationToken)
            : CacheNames.TryDecode(encoded, out var decoded) ? decoded : null;
        return key is null ? null : new ObjectName(bucket, key);
    }
}
