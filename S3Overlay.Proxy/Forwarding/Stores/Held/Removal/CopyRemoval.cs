using S3Overlay.Proxy.Forwarding.Stores.Held.Format;
using S3Overlay.Proxy.Forwarding.Stores.Held.Known;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Forwarding.Stores.Held.Removal;

/// <summary>Takes copies, their rows and their chunks out of the store. The caller has the key's gate.</summary>
/// <remarks>
/// A copy that shows has a row, whatever races or crashes: otherwise no listing would notice that it is of an old version (rule T2). So the copy goes first and the
/// row after it; and since another process may put the copy back in between, it is looked for once more when the row is gone. Whoever puts a copy looks
/// for its row afterwards, and takes the copy away where the row has gone.
/// </remarks>
internal sealed class CopyRemoval(HeldObjects objects, LiveCopies live, BackgroundWork work, ILogger logger)
{
    /// <summary>Takes out what is held of a key, those versions only whose row's last part is meant.</summary>
    public async Task RemoveAsync(ObjectName name, Func<string, bool> isMeant, CancellationToken cancellationToken)
    {
        var rows = (await RowsAsync(name, cancellationToken)).Where(row => isMeant(HeldNames.SuffixOf(row))).ToList();
        if (rows.Count == 0)
        {
            return;
        }

        // Looked for again by what is meant, not by these rows: another process may have given it a row of another date meanwhile.
        await RemoveCopyAsync(name, isMeant, cancellationToken);
        await DeleteAllAsync(rows, cancellationToken);
        await RemoveCopyAsync(name, isMeant, cancellationToken);
    }

    /// <summary>
    /// Takes out what was put of a copy that was dropped meanwhile; its row may be gone already. Where the same version was put again since by another fill, that copy and the row stay.
    /// </summary>
    public async Task RemoveDroppedAsync(CopyRecord record, CancellationToken cancellationToken)
    {
        var suffix = HeldNames.RowSuffix(record.Row);
        var isFilledAgain = false;
        await RemoveCopyAsync(record.Name, IsMeant, cancellationToken);
        if (!isFilledAgain)
        {
            await RemoveRowsAsync(record.Name, [HeldNames.Row(record)], cancellationToken);
        }

        if (record.Identity.ChunkSize > 0)
        {
            RemoveChunks(record.Name, record.Fill);
        }

        bool IsMeant(string row, Guid? fill)
        {
            isFilledAgain = row == suffix && fill is { } other && other != record.Fill;
            return row == suffix && !isFilledAgain;
        }
    }

    /// <summary>Takes out rows of versions that are no longer held, and the copy where it is of one of them after all.</summary>
    public async Task RemoveRowsAsync(ObjectName name, IReadOnlyCollection<string> rows, CancellationToken cancellationToken)
    {
        await DeleteAllAsync(rows, cancellationToken);
        await RemoveCopyAsync(name, suffix => rows.Any(row => HeldNames.SuffixOf(row) == suffix), cancellationToken);
    }

    /// <summary>The names of a key's rows.</summary>
    public async Task<List<string>> RowsAsync(ObjectName name, CancellationToken cancellationToken)
    {
        var rows = new List<string>();
        await foreach (var row in objects.ListAsync(HeldNames.RowsOf(name), "", cancellationToken))
        {
            rows.Add(row.Name);
        }

        return rows;
    }

    /// <summary>Takes the copy out where it is of a version that is meant.</summary>
    private Task RemoveCopyAsync(ObjectName name, Func<string, bool> isMeant, CancellationToken cancellationToken) =>
        RemoveCopyAsync(name, (row, _) => isMeant(row), cancellationToken);

    /// <summary>The same, where it may be of one fill and not of another.</summary>
    private async Task RemoveCopyAsync(ObjectName name, Func<string, Guid?, bool> isMeant, CancellationToken cancellationToken)
    {
        using var answer = await objects.HeadAsync(HeldNames.Copy(name), cancellationToken);
        if (answer is null)
        {
            return;
        }

        Guid? fill = CopyHeaders.TryFill(answer, out var named) ? named : null;
        if (CopyHeaders.RowOf(answer) is { } suffix && !isMeant(suffix, fill))
        {
            return;
        }

        await objects.DeleteAsync(HeldNames.Copy(name), cancellationToken);
        if (fill is { } left && CopyHeaders.IsManifest(answer))
        {
            RemoveChunks(name, left);
        }
    }

    private async Task DeleteAllAsync(IEnumerable<string> rows, CancellationToken cancellationToken)
    {
        foreach (var row in rows)
        {
            await objects.DeleteAsync(row, cancellationToken);
        }
    }

    /// <summary>
    /// Removes a fill's chunks in the background, once nobody in this process reads them any more. What is not removed then is found later: nothing names it.
    /// </summary>
    public void RemoveChunks(ObjectName name, Guid fill) =>
        live.Fills.WhenUnused(fill, () => work.Start(cancellationToken => RemoveChunksAsync(name, fill, cancellationToken)));

    private async Task RemoveChunksAsync(ObjectName name, Guid fill, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var chunk in objects.ListAsync(HeldNames.ChunksOf(name, fill), "", cancellationToken))
            {
                await objects.DeleteAsync(chunk.Name, cancellationToken);
            }
        }
        catch (Exception failure) when (failure is IOException or OperationCanceledException)
        {
            Log.HeldCleaningFailed(logger, failure);
        }
    }
}
