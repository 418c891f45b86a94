using S3Overlay.Proxy.Concurrency;
using S3Overlay.Proxy.Forwarding.BucketCache.Format;
using S3Overlay.Proxy.Forwarding.BucketCache.Known;
using S3Overlay.Proxy.Forwarding.BucketCache.Rows;
using S3Overlay.Proxy.Forwarding.Wire;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Forwarding.BucketCache.Removal;

/// <summary>Takes copies, their rows and their chunks out of the store. The caller has the key's gate.</summary>
/// <remarks>
/// A copy that shows has a row, whatever races or crashes: otherwise no listing would notice that it is of an old version (rule T2). So the
/// copy goes first and the row after it; and since another process may put the copy back in between, it is looked for once more when the
/// row is gone. Whoever puts a copy looks for its row afterwards, and takes the copy away where the row has gone.
/// <para>
/// Who put it may be dead by then, and the store execute the PUT all the same, once nobody looks any more. So a row that is young goes only
/// by name: it is put anew as one that says so, listings go on comparing it, and it is taken out when it has become old. Where this is the
/// only proxy, what it has put itself is put: only rows without a copy behind them, which one that was here before may have put, are
/// treated so.
/// </para>
/// </remarks>
/// <param name="objects">The store's objects.</param>
/// <param name="live">What is known of copies.</param>
/// <param name="work">Where chunks are removed.</param>
/// <param name="othersReadFor">How long readers of other proxies are given to come to the end of a copy that is gone; nothing where there
/// are no others.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Where failures are told.</param>
internal sealed class EntryRemoval(CacheBucketObjects objects, LiveEntries live, BackgroundWork work, TimeSpan othersReadFor,
    TimeProvider time, ILogger logger)
{
    /// <summary>Takes out what is held of a key, those versions only whose row's last part is meant.</summary>
    /// <param name="name">The key.</param>
    /// <param name="isMeant">Whether a version is meant, by the last part of its row.</param>
    /// <param name="mayHaveChanged">Whether the remote may have the version no more, so that readers of other proxies can be given the rest
    /// of it from the store alone.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public async Task RemoveAsync(ObjectName name, Func<string, bool> isMeant, bool mayHaveChanged, CancellationToken cancellationToken)
    {
        var rows = (await RowsAsync(name, cancellationToken)).Where(row => isMeant(EntryNames.SuffixOf(row.Name))).ToList();
        if (rows.Count == 0)
        {
            return;
        }

        // Looked for again by what is meant, not by these rows: another process may have given it a row of another date meanwhile.
        var wasThere = await RemoveCopyAsync(name, (row, _) => isMeant(row), mayHaveChanged, cancellationToken);
        if (await RetireAsync(name, rows, wasThere, cancellationToken))
        {
            await RemoveCopyAsync(name, (row, _) => isMeant(row), mayHaveChanged, cancellationToken);
        }
    }

    /// <summary>
    /// Takes out what was put of a copy that was dropped meanwhile; its row may be gone already. Where the same version was put again since
    /// by another fill, that copy and the row stay; and its chunks, where another process has given it another row.
    /// </summary>
    public async Task RemoveDroppedAsync(EntryRecord record, CancellationToken cancellationToken)
    {
        var suffix = EntryNames.RowSuffix(record.Row);
        var (isFilledAgain, isNamed) = (false, false);
        await RemoveCopyAsync(record.Name, IsMeant, mayHaveChanged: true, cancellationToken);
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

    /// <summary>Whether a copy that was put is there still, and has another row by now: another process was told of another date.</summary>
    public async Task<bool> HasOtherRowAsync(EntryRecord record, CancellationToken cancellationToken)
    {
        using var answer = await objects.HeadAsync(EntryNames.Copy(record.Name), cancellationToken);
        return answer is not null && EntryHeaders.TryFill(answer, out var fill) && fill == record.Fill
            && EntryHeaders.RowOf(answer) != EntryNames.RowSuffix(record.Row);
    }

    /// <summary>Takes out rows of versions that are no longer held, and the copy where it is of one of them after all.</summary>
    public async Task RemoveRowsAsync(ObjectName name, IReadOnlyCollection<StoredRow> rows, CancellationToken cancellationToken)
    {
        if (await RetireAsync(name, rows, wasThere: true, cancellationToken))
        {
            await RemoveCopyAsync(name, (suffix, _) => rows.Any(row => EntryNames.SuffixOf(row.Name) == suffix), mayHaveChanged: true,
                cancellationToken);
        }
    }

    /// <summary>
    /// Takes out the row of a copy that this process did not put, or has taken out again, and the copy where another put it after all.
    /// </summary>
    public async Task RemoveRowAsync(EntryRecord record, CancellationToken cancellationToken)
    {
        var row = EntryNames.Row(record);
        var rows = objects.IsAlone ? [new StoredRow(row, DateTimeOffset.MinValue)]
            : (await RowsAsync(record.Name, cancellationToken)).FindAll(other => other.Name == row);
        await RemoveRowsAsync(record.Name, rows, cancellationToken);
    }

    /// <summary>A key's rows, those that were dropped among them.</summary>
    public async Task<List<StoredRow>> RowsAsync(ObjectName name, CancellationToken cancellationToken)
    {
        var rows = new List<StoredRow>();
        await foreach (var row in objects.ListAsync(EntryNames.RowsOf(name), "", cancellationToken))
        {
            if (row.Object is { } listed)
            {
                rows.Add(new StoredRow(row.Name, listed.LastModified, RowBodies.IsDropped(name.Key, listed.Size)));
            }
        }

        return rows;
    }

    /// <summary>Takes the copy out where it is of a version, and a fill, that is meant.</summary>
    /// <returns>Whether it was.</returns>
    private async Task<bool> RemoveCopyAsync(ObjectName name, Func<string, Guid?, bool> isMeant, bool mayHaveChanged,
        CancellationToken cancellationToken)
    {
        using var answer = await objects.HeadAsync(EntryNames.Copy(name), cancellationToken);
        if (answer is null)
        {
            return false;
        }

        Guid? fill = EntryHeaders.TryFill(answer, out var named) ? named : null;
        if (EntryHeaders.RowOf(answer) is { } suffix && !isMeant(suffix, fill))
        {
            return false;
        }

        await objects.DeleteAsync(EntryNames.Copy(name), cancellationToken);
        if (fill is { } left && EntryHeaders.IsManifest(answer))
        {
            RemoveChunks(name, left, mayHaveChanged);
        }

        return true;
    }

    /// <summary>Takes rows out; those whose copy may come yet stay, and say that it was dropped.</summary>
    /// <param name="name">The key.</param>
    /// <param name="rows">Its rows.</param>
    /// <param name="wasThere">Whether the copy that they were put for has come.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>Whether any is another than before, and the copy to be looked for once more.</returns>
    private async Task<bool> RetireAsync(ObjectName name, IEnumerable<StoredRow> rows, bool wasThere, CancellationToken cancellationToken)
    {
        var hasChanged = false;
        foreach (var row in rows)
        {
            var mayCome = !(objects.IsAlone && wasThere) && objects.MayComeYet(row.Put);
            if (mayCome && row.IsDropped)
            {
                continue;
            }

            hasChanged = true;
            await (mayCome
                ? objects.PutAsync(row.Name, WireBody.Of(RowBodies.Of(name.Key, isDropped: true)), [], cancellationToken)
                : objects.DeleteAsync(row.Name, cancellationToken));
        }

        return hasChanged;
    }

    /// <summary>
    /// Removes a fill's chunks in the background, once nobody in this process reads them any more, and those who read them in others have
    /// had their time. What is not removed then is found later: nothing names it.
    /// </summary>
    public void RemoveChunks(ObjectName name, Guid fill, bool mayHaveChanged = true) =>
        WhenUnread(fill, mayHaveChanged ? othersReadFor : TimeSpan.Zero, async cancellationToken =>
        {
            await foreach (var chunk in objects.ListAsync(EntryNames.ChunksOf(name, fill), "", cancellationToken))
            {
                await objects.DeleteAsync(chunk.Name, cancellationToken);
            }
        });

    /// <summary>
    /// Removes a chunk that came to the store after its copy was dropped, when <see cref="RemoveChunks"/> would: it may not have found it.
    /// </summary>
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
            Log.HeldCleaningFailed(logger, failure);
        }
    }
}
