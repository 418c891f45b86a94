using S3Overlay.Proxy.Forwarding.BucketCache.Format;
using S3Overlay.Proxy.Forwarding.BucketCache.Known;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Forwarding.BucketCache.Removal;

/// <summary>
/// Finds what a crash, or a race, left in the cache bucket and nobody will use: chunks that no manifest names, copies without a row, rows
/// without a copy. Only what is older than a day by the store's own date, so that nothing is taken that is just being put; what this
/// process puts is known, and left alone whatever the clocks say. Once, an hour after the start, and then once a day.
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

    /// <summary>Begins to wait for the first time.</summary>
    public OrphanCollector(CacheBucketObjects objects, LiveEntries live, TimeProvider time, ILogger logger)
    {
        (_objects, _live, _time, _logger) = (objects, live, time, logger);
        _running = RunDailyAsync();
    }

    /// <summary>Looks through the whole bucket: a call for a thousand objects, one or two more for what looks lost.</summary>
    /// <exception cref="IOException">The store failed; what was found so far is removed.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        _removed = 0;
        var before = _time.GetUtcNow() - Age;
        try
        {
            await RemoveChunksAsync(before, cancellationToken);
            await RemoveUnmatchedAsync(EntryNames.Copies, before, cancellationToken);
            await RemoveUnmatchedAsync(EntryNames.Rows, before, cancellationToken);
        }
        finally
        {
            if (_removed > 0)
            {
                Log.HeldStrangersRemoved(_logger, _removed);
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
                Log.HeldCleaningFailed(_logger, failure);
            }
        }
    }

    private async Task RemoveChunksAsync(DateTimeOffset before, CancellationToken cancellationToken)
    {
        var (copy, fill, isKnown) = ("", Guid.Empty, false);
        ChunkSet? named = null;
        await foreach (var row in _objects.ListAsync(EntryNames.Chunks, "", cancellationToken))
        {
            if (row.Object is not { } listed || listed.LastModified > before || EntryNames.ParseChunk(row.Name) is not { } chunk)
            {
                continue;
            }

            if ((copy, fill) != (chunk.Copy, chunk.Fill))
            {
                (copy, fill, isKnown) = (chunk.Copy, chunk.Fill, _live.HasFill(chunk.Fill));
                named = isKnown ? null : await NamedAsync(copy, fill, cancellationToken);
            }

            if (!isKnown && (named is null || chunk.Chunk >= named.Capacity || !named[chunk.Chunk]))
            {
                await RemoveAsync(row.Name, cancellationToken);
            }
        }
    }

    /// <summary>The chunks that a copy's manifest names of a fill; null where it names none.</summary>
    private async Task<ChunkSet?> NamedAsync(string copy, Guid fill, CancellationToken cancellationToken)
    {
        using var answer = await _objects.GetAsync(copy, null, cancellationToken);
        try
        {
            return answer is not null && EntryHeaders.IsManifest(answer) && EntryHeaders.TryFill(answer, out var theirs) && theirs == fill
                ? (await EntryManifest.ReadAsync(answer, cancellationToken)).Chunks
                : null;
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }

    /// <summary>Copies without any row, or rows without a copy. Both lists are in one order, and walked in step.</summary>
    private async Task RemoveUnmatchedAsync(string kind, DateTimeOffset before, CancellationToken cancellationToken)
    {
        var isCopies = kind == EntryNames.Copies;
        await using var others = _objects.ListAsync(isCopies ? EntryNames.Rows : EntryNames.Copies, "", cancellationToken)
            .GetAsyncEnumerator(cancellationToken);
        var other = await NextAsync(others, isCopies);
        await foreach (var row in _objects.ListAsync(kind, "", cancellationToken))
        {
            var copy = isCopies ? row.Name : EntryNames.CopyOfRow(row.Name);
            if (copy is null)
            {
                continue;
            }

            while (other is not null && string.CompareOrdinal(other, copy) < 0)
            {
                other = await NextAsync(others, isCopies);
            }

            if (other != copy && row.Object is { } listed && listed.LastModified <= before && !_live.IsOnItsWay(copy)
                && !await HasOtherAsync(copy, isCopies, cancellationToken))
            {
                await RemoveAsync(row.Name, cancellationToken);
                await (isCopies ? Task.CompletedTask : RemoveUnlistedAsync(copy, row.Name, cancellationToken));
            }
        }
    }

    /// <summary>
    /// Takes a copy away whose row has just been removed: it was put in this very moment, and whoever put it found its row there. What is
    /// lost is cache and nothing else; a copy without a row would be found by reads, and by no drop.
    /// </summary>
    private async Task RemoveUnlistedAsync(string copy, string row, CancellationToken cancellationToken)
    {
        using var answer = await _objects.HeadAsync(copy, cancellationToken);
        if (answer is not null && EntryHeaders.RowOf(answer) == EntryNames.SuffixOf(row))
        {
            await RemoveAsync(copy, cancellationToken);
        }
    }

    private static async ValueTask<string?> NextAsync(IAsyncEnumerator<Protocol.Listings.ListingRow> rows, bool areRows)
    {
        while (await rows.MoveNextAsync())
        {
            if ((areRows ? EntryNames.CopyOfRow(rows.Current.Name) : rows.Current.Name) is { } copy)
            {
                return copy;
            }
        }

        return null;
    }

    /// <summary>Asked once more: it may have been put since that page was listed.</summary>
    private async Task<bool> HasOtherAsync(string copy, bool isCopy, CancellationToken cancellationToken)
    {
        if (isCopy)
        {
            await foreach (var _ in _objects.ListAsync(EntryNames.RowsOfCopy(copy), "", cancellationToken))
            {
                return true;
            }

            return false;
        }

        using var answer = await _objects.HeadAsync(copy, cancellationToken);
        return answer is not null;
    }

    private async Task RemoveAsync(string name, CancellationToken cancellationToken)
    {
        await _objects.DeleteAsync(name, cancellationToken);
        _removed++;
    }
}
