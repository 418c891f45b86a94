using S3Overlay.Proxy.Concurrency;
using S3Overlay.Proxy.Forwarding.BucketCache.Format;
using S3Overlay.Proxy.Forwarding.BucketCache.Known;
using S3Overlay.Proxy.Forwarding.Endpoints;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Forwarding.BucketCache.Removal;

/// <summary>Removes entries, their rows and chunks. The caller has the key's gate.</summary>
/// <remarks>
/// Every entry that reads can find has a row, whatever races or crashes happen: otherwise no listing would notice an old version (rule T2).
/// So the entry is removed first and its row after it. Another process may upload the entry again in between, so it is checked once more
/// when the row is gone. An uploader checks for its row afterwards, and removes the entry if the row is gone.
/// <para>
/// The uploader may have died, and the store may execute its PUT later. So a young row is replaced by one that is marked as evicted.
/// Listings still compare it, and it is removed once it is old. If this is the only proxy, all its uploads have arrived: only rows without
/// an entry, perhaps left by an earlier process, are treated this way.
/// </para>
/// </remarks>
/// <param name="work">Removes chunks in the background.</param>
/// <param name="othersReadFor">How long other proxies' readers have to finish with a removed entry; zero without other proxies.</param>
internal sealed class EntryRemoval(CacheBucketObjects objects, LiveEntries live, BackgroundWork work, TimeSpan othersReadFor,
    TimeProvider time, ILogger logger)
{
    /// <summary>Removes a key's entry, but only versions that are meant.</summary>
    /// <param name="name">The key.</param>
    /// <param name="isMeant">Decides by the last part of a row's name.</param>
    /// <param name="mayHaveChanged">
    /// True if the remote may no longer have the version, so that readers of other proxies depend on the chunks.
    /// </param>
    /// <param name="cancellationToken">Ends the work.</param>
    public async Task RemoveAsync(ObjectName name, Func<string, bool> isMeant, bool mayHaveChanged, CancellationToken cancellationToken)
    {
        var rows = (await RowsAsync(name, cancellationToken)).Where(row => isMeant(EntryNames.SuffixOf(row.Name))).ToList();
        if (rows.Count == 0)
        {
            return;
        }

        // Checked again by version and not by these rows: another process may have given it a row of another date.
        var wasThere = await RemoveEntryAsync(name, (row, _) => isMeant(row), mayHaveChanged, cancellationToken);
        if (await RetireAsync(name, rows, wasThere, cancellationToken))
        {
            await RemoveEntryAsync(name, (row, _) => isMeant(row), mayHaveChanged, cancellationToken);
        }
    }

    /// <summary>
    /// Removes an upload whose entry was evicted during it; its row may be gone. If another fill uploaded the same version since, that
    /// entry and row stay, and the chunks if another process gave the entry another row.
    /// </summary>
    public async Task RemoveEvictedAsync(EntryRecord record, CancellationToken cancellationToken)
    {
        var suffix = EntryNames.RowSuffix(record.Row);
        var (isFilledAgain, isNamed) = (false, false);
        await RemoveEntryAsync(record.Name, IsMeant, mayHaveChanged: true, cancellationToken);
        if (!isFilledAgain)
        {
            await RemoveRowAsync(record, cancellationToken);
        }

        if (record.Identity.ChunkSize > 0 && !isNamed)
        {
            RemoveChunks(record.Name, record.Fill);
        }

        bool IsMeant(string row, Guid? fill)
        {
            isFilledAgain = row == suffix && fill is { } other && other != record.Fill;
            isNamed = row != suffix && fill == record.Fill;
            return row == suffix && !isFilledAgain;
        }
    }

    /// <summary>True if an uploaded entry exists with another row: another process learned another date.</summary>
    public async Task<bool> HasOtherRowAsync(EntryRecord record, CancellationToken cancellationToken)
    {
        using var response = await objects.HeadAsync(EntryNames.Entry(record.Name), cancellationToken);
        return response is not null && EntryHeaders.TryFill(response, out var fill) && fill == record.Fill
            && EntryHeaders.RowOf(response) != EntryNames.RowSuffix(record.Row);
    }

    /// <summary>Removes rows of old versions, and the entry if it is of one of them.</summary>
    public async Task RemoveRowsAsync(ObjectName name, IReadOnlyCollection<StoredRow> rows, CancellationToken cancellationToken)
    {
        if (await RetireAsync(name, rows, wasThere: true, cancellationToken))
        {
            await RemoveEntryAsync(name, (suffix, _) => rows.Any(row => EntryNames.SuffixOf(row.Name) == suffix), mayHaveChanged: true,
                cancellationToken);
        }
    }

    /// <summary>Removes the row of an entry that was not uploaded or was removed, and the entry if another process uploaded it.</summary>
    public async Task RemoveRowAsync(EntryRecord record, CancellationToken cancellationToken)
    {
        var row = EntryNames.Row(record);
        var rows = objects.IsAlone ? [new StoredRow(row, DateTimeOffset.MinValue)]
            : (await RowsAsync(record.Name, cancellationToken)).FindAll(other => other.Name == row);
        await RemoveRowsAsync(record.Name, rows, cancellationToken);
    }

    /// <summary>A key's rows, including those marked as evicted.</summary>
    public async Task<List<StoredRow>> RowsAsync(ObjectName name, CancellationToken cancellationToken)
    {
        var rows = new List<StoredRow>();
        await foreach (var row in objects.ListAsync(EntryNames.RowsOf(name), "", cancellationToken))
        {
            if (row.Object is { } listed)
            {
                rows.Add(new StoredRow(row.Name, listed.LastModified, RowBodies.IsEvicted(name.Key, listed.Size)));
            }
        }

        return rows;
    }

    /// <summary>Removes the entry if its version and fill are meant.</summary>
    private async Task<bool> RemoveEntryAsync(ObjectName name, Func<string, Guid?, bool> isMeant, bool mayHaveChanged,
        CancellationToken cancellationToken)
    {
        using var response = await objects.HeadAsync(EntryNames.Entry(name), cancellationToken);
        if (response is null)
        {
            return false;
        }

        Guid? fill = EntryHeaders.TryFill(response, out var named) ? named : null;
        if (EntryHeaders.RowOf(response) is { } suffix && !isMeant(suffix, fill))
        {
            return false;
        }

        await objects.DeleteAsync(EntryNames.Entry(name), cancellationToken);
        if (fill is { } left && EntryHeaders.IsManifest(response))
        {
            RemoveChunks(name, left, mayHaveChanged);
        }

        return true;
    }

    /// <summary>Removes rows. If their entry may still arrive, they are marked as evicted instead.</summary>
    /// <param name="name">The key.</param>
    /// <param name="rows">Its rows.</param>
    /// <param name="wasThere">True if the entry of these rows has arrived.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>True if any row has changed, and the entry must be checked again.</returns>
    private async Task<bool> RetireAsync(ObjectName name, IEnumerable<StoredRow> rows, bool wasThere, CancellationToken cancellationToken)
    {
        var hasChanged = false;
        foreach (var row in rows)
        {
            var mayCome = !(objects.IsAlone && wasThere) && objects.MayComeYet(row.Put);
            if (mayCome && row.IsEvicted)
            {
                continue;
            }

            hasChanged = true;
            await (mayCome
                ? objects.PutAsync(row.Name, WireBody.Of(RowBodies.Of(name.Key, isEvicted: true)), [], cancellationToken)
                : objects.DeleteAsync(row.Name, cancellationToken));
        }

        return hasChanged;
    }

    /// <summary>
    /// Removes a fill's chunks in the background, after their readers here have finished and others have had time. Leftovers are found
    /// later: nothing names them.
    /// </summary>
    public void RemoveChunks(ObjectName name, Guid fill, bool mayHaveChanged = true) =>
        WhenUnread(fill, mayHaveChanged ? othersReadFor : TimeSpan.Zero, async cancellationToken =>
        {
            await foreach (var chunk in objects.ListAsync(EntryNames.ChunksOf(name, fill), "", cancellationToken))
            {
                await objects.DeleteAsync(chunk.Name, cancellationToken);
            }
        });

    /// <summary>Removes a chunk that arrived after the eviction, which <see cref="RemoveChunks"/> may have missed.</summary>
    public void RemoveChunk(ObjectName name, Guid fill, int chunk) =>
        WhenUnread(fill, othersReadFor, async cancellationToken => await objects
            .DeleteAsync(EntryNames.Chunk(name, fill, chunk), cancellationToken));

    private void WhenUnread(Guid fill, TimeSpan others, Func<CancellationToken, Task> remove) =>
        live.Fills.WhenUnused(fill, () => work.Start(cancellationToken => RemoveAsync(others, remove, cancellationToken)));

    private async Task RemoveAsync(TimeSpan wait, Func<CancellationToken, Task> remove, CancellationToken cancellationToken)
    {
        try
        {
            await work.RestAsync(wait, time);
            if (wait > TimeSpan.Zero && work.IsClosing)
            {
                return;
            }

            await remove(cancellationToken);
        }
        catch (Exception failure) when (failure is IOException or OperationCanceledException)
        {
            Log.CacheCleaningFailed(logger, failure);
        }
    }
}
