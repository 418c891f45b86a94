using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Embedded.Cache;

/// <summary>
/// Removes, after the start and when rows were lost, in the background, the files that no row names: what a crash, or an index that was
/// lost, left behind. Of those that have a row it is seen whether the row says how much they hold. Then it removes the rows whose files are
/// gone, as a full disk leaves them, on which files can be removed and rows cannot: they would count as held until they are met.
/// </summary>
internal sealed class CacheSweep : IAsyncDisposable
{
    private readonly CacheFolder _folder;
    private readonly CacheRows _rows;
    private readonly CacheTable _table;
    private readonly CacheLedger _ledger;
    private readonly ILogger _logger;
    private readonly HashSet<UInt128> _making = [];
    private readonly CancellationTokenSource _stop = new();

    /// <summary>Begins.</summary>
    /// <param name="folder">The files.</param>
    /// <param name="rows">Their rows.</param>
    /// <param name="table">Both, and their locks.</param>
    /// <param name="ledger">How much is held.</param>
    /// <param name="logger">Where failures are told.</param>
    public CacheSweep(CacheFolder folder, CacheRows rows, CacheTable table, CacheLedger ledger, ILogger logger)
    {
        (_folder, _rows, _table, _ledger, _logger) = (folder, rows, table, ledger, logger);
        Done = Task.Run(RunAsync);
    }

    /// <summary>Finishes once they are gone. Nothing waits for it but tests.</summary>
    public Task Done { get; private set; }

    /// <summary>Looks once more: rows were lost.</summary>
    public void Again() => Done = Done.ContinueWith(_ => RunAsync(), TaskScheduler.Default).Unwrap();

    /// <summary>A file is about to be made: it has no row yet, and stays.</summary>
    public void Spare(UInt128 file)
    {
        lock (_making)
        {
            _making.Add(file);
        }
    }

    /// <summary>A file has its row by now, or was given up.</summary>
    public void SpareNoMore(UInt128 file)
    {
        lock (_making)
        {
            _making.Remove(file);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Done;
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        try
        {
            foreach (var (id, path) in _folder.Enumerate())
            {
                if (_stop.IsCancellationRequested)
                {
                    return;
                }

                await LookAtAsync(id, path);
            }

            foreach (var (bucket, key, entry) in _rows.All())
            {
                if (_stop.IsCancellationRequested)
                {
                    return;
                }

                if (!_folder.Has(entry.File))
                {
                    await ForgetAsync(bucket, key, entry.File);
                }
            }
        }
        catch (Exception failure)
        {
            Log.HeldCleaningFailed(_logger, failure);
        }
    }

    /// <summary>What is wrong with one file is no reason to leave the others.</summary>
    private async Task LookAtAsync(UInt128 id, string path)
    {
        try
        {
            if (IsBeingMade(id))
            {
                return;
            }

            if (NameOf(id, path) is not { } header)
            {
                File.Delete(path);
                _ledger.Forget(id);
            }
            else if (header.Key is not null)
            {
                await RecountAsync(header.Bucket!, header.Key, id, path);
            }
        }
        catch (Exception failure)
        {
            Log.HeldCleaningFailed(_logger, failure);
        }
    }

    /// <summary>
    /// Asked after the file was found, and before its row is looked for: one that was being made has its row by now, or is in the list
    /// still.
    /// </summary>
    private bool IsBeingMade(UInt128 id)
    {
        lock (_making)
        {
            return _making.Contains(id);
        }
    }

    /// <summary>
    /// Whose copy a file is; null where its row is gone or names another file, and nothing but null within where the file cannot be read
    /// now.
    /// </summary>
    private (string? Bucket, string? Key)? NameOf(UInt128 id, string path)
    {
        try
        {
            var header = CacheFile.ReadHeader(path);
            return _rows.Find(header.Bucket, header.Key)?.File == id
                ? (header.Bucket, header.Key)
                : null;
        }
        catch (InvalidDataException)
        {
            return null;
        }
        catch (IOException)
        {
            return (null, null);
        }
    }

    /// <summary>
    /// Takes a row without a file away, unless the key has another copy by now: a row is put behind its file, and a copy that is replaced
    /// loses its file last.
    /// </summary>
    private async Task ForgetAsync(string bucket, string key, UInt128 file)
    {
        using (await _table.LockAsync(bucket, key, CancellationToken.None))
        {
            if (_rows.Find(bucket, key) is { } entry && entry.File == file && !_folder.Has(file))
            {
                await _table.ForgetAsync(bucket, key, entry);
            }
        }
    }

    /// <summary>A row of which a crash took the last changes is made to say what its file holds.</summary>
    private async Task RecountAsync(string bucket, string key, UInt128 file, string path)
    {
        using (await _table.LockAsync(bucket, key, CancellationToken.None))
        {
            // One that was opened since was counted then.
            if (_ledger.Find(file) is not null || _rows.Find(bucket, key) is not { } entry || entry.File != file)
            {
                return;
            }

            try
            {
                var bytes = await Task.Run(() => CacheFile.Count(path, _logger));
                if (bytes != entry.Held)
                {
                    await _rows.PutAsync(bucket, key, entry, entry with { Held = bytes });
                    _ledger.Add(bytes - entry.Held);
                }
            }
            catch (InvalidDataException failure)
            {
                Log.HeldCopyUnusable(_logger, Path.GetFileName(path), failure.Message);
                await _table.ForgetAsync(bucket, key, entry);
            }
        }
    }
}
