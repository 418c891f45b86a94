using S3Overlay.Proxy.Forwarding.BucketCache.Format;
using S3Overlay.Proxy.Forwarding.BucketCache.Known;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Forwarding.BucketCache.Removal;

/// <summary>
/// Removes what crashes and races left in the cache bucket: chunks that no manifest names, entries without a row, and rows without an
/// entry. Only what is older than a day by the store's date, and never what this process is uploading. Runs an hour after the start, and
/// then daily.
/// </summary>
internal sealed class OrphanCollector : IAsyncDisposable
{
    private static readonly TimeSpan First = TimeSpan.FromHours(1);
    private static readonly TimeSpan Age = TimeSpan.FromDays(1);

    private readonly CacheBucketObjects _objects;
    private readonly LiveEntries _live;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _running;
    private long _removed;

    /// <summary>Starts the background task.</summary>
    public OrphanCollector(CacheBucketObjects objects, LiveEntries live, TimeProvider time, ILogger logger)
    {
        (_objects, _live, _time, _logger) = (objects, live, time, logger);
        _running = RunDailyAsync();
    }

    /// <summary>Lists the whole bucket: one call per thousand objects, and one or two for each suspect.</summary>
    /// <exception cref="IOException">The store failed. What was found so far is removed.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        _removed = 0;
        var before = _time.GetUtcNow() - Age;
        try
        {
            await RemoveChunksAsync(before, cancellationToken);
            await RemoveUnmatchedAsync(EntryNames.Entries, before, cancellationToken);
            await RemoveUnmatchedAsync(EntryNames.Rows, before, cancellationToken);
        }
        finally
        {
            if (_removed > 0)
            {
                Log.CacheOrphansRemoved(_logger, _removed);
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
    }

    private async Task RunDailyAsync()
    {
        for (var wait = First; ; wait = Age)
        {
            try
            {
                await Task.Delay(wait, _time, _stop.Token);
                await RunAsync(_stop.Token);
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception failure)
            {
                Log.CacheCleaningFailed(_logger, failure);
            }
        }
    }

    private async Task RemoveChunksAsync(DateTimeOffset before, CancellationToken cancellationToken)
    {
        var (entry, fill, isKnown) = ("", Guid.Empty, false);
        EntryManifest? named = null;
        await foreach (var row in _objects.ListAsync(EntryNames.Chunks, "", cancellationToken))
        {
            if (row.Object is not { } listed || listed.LastModified > before || EntryNames.ParseChunk(row.Name) is not { } chunk)
            {
                continue;
            }

            if ((entry, fill) != (chunk.Entry, chunk.Fill))
            {
                (entry, fill, isKnown) = (chunk.Entry, chunk.Fill, _live.HasFill(chunk.Fill));
                named = isKnown ? null : await NamedAsync(entry, fill, cancellationToken);
            }

            if (!isKnown && (named is null || !named.Names(chunk.Chunk)))
            {
                await RemoveAsync(row.Name, cancellationToken);
            }
        }
    }

    /// <summary>The manifest that names chunks of a fill; null for none.</summary>
    private async Task<EntryManifest?> NamedAsync(string entry, Guid fill, CancellationToken cancellationToken)
    {
        using var response = await _objects.GetAsync(entry, null, cancellationToken);
        try
        {
            return response is not null && EntryHeaders.IsManifest(response) && EntryHeaders.TryFill(response, out var theirs)
                && theirs == fill
                ? await EntryManifest.ReadAsync(response, cancellationToken) : null;
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }

    /// <summary>Entries without a row, or rows without an entry. Both lists have the same order.</summary>
    private async Task RemoveUnmatchedAsync(string kind, DateTimeOffset before, CancellationToken cancellationToken)
    {
        var isEntries = kind == EntryNames.Entries;
        await using var others = _objects.ListAsync(isEntries ? EntryNames.Rows : EntryNames.Entries, "", cancellationToken)
            .GetAsyncEnumerator(cancellationToken);
        var other = await NextAsync(others, isEntries);
        await foreach (var row in _objects.ListAsync(kind, "", cancellationToken))
        {
            var entry = isEntries ? row.Name : EntryNames.EntryOfRow(row.Name);
            if (entry is null)
            {
                continue;
            }

            while (other is not null && string.CompareOrdinal(other, entry) < 0)
            {
                other = await NextAsync(others, isEntries);
            }

            if (other != entry && row.Object is { } listed && listed.LastModified <= before && !_live.IsOnItsWay(entry)
                && !await HasOtherAsync(entry, isEntries, cancellationToken))
            {
                await RemoveAsync(row.Name, cancellationToken);
                await (isEntries ? Task.CompletedTask : RemoveUnlistedAsync(entry, row.Name, cancellationToken));
            }
        }
    }

    /// <summary>
    /// Removes an entry whose row has just been removed: it was uploaded at this moment and found its row then. Without a row it would be
    /// read but never evicted.
    /// </summary>
    private async Task RemoveUnlistedAsync(string entry, string row, CancellationToken cancellationToken)
    {
        using var response = await _objects.HeadAsync(entry, cancellationToken);
        if (response is not null && EntryHeaders.RowOf(response) == EntryNames.SuffixOf(row))
        {
            await RemoveAsync(entry, cancellationToken);
        }
    }

    private static async ValueTask<string?> NextAsync(IAsyncEnumerator<Protocol.Listings.ListingRow> rows, bool areRows)
    {
        while (await rows.MoveNextAsync())
        {
            if ((areRows ? EntryNames.EntryOfRow(rows.Current.Name) : rows.Current.Name) is { } entry)
            {
                return entry;
            }
        }

        return null;
    }

    /// <summary>Checked again: it may have been uploaded since the listing.</summary>
    private async Task<bool> HasOtherAsync(string entry, bool isEntry, CancellationToken cancellationToken)
    {
        if (isEntry)
        {
            await foreach (var _ in _objects.ListAsync(EntryNames.RowsOfEntry(entry), "", cancellationToken))
            {
                return true;
            }

            return false;
        }

        using var response = await _objects.HeadAsync(entry, cancellationToken);
        return response is not null;
    }

    private async Task RemoveAsync(string name, CancellationToken cancellationToken)
    {
        await _objects.DeleteAsync(name, cancellationToken);
        _removed++;
    }
}
