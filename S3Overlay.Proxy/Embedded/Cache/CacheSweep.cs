using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Embedded.Cache;

/// <summary>
/// Runs in the background after the start, and whenever rows were lost. Removes files without a row, left by a crash or a lost index.
/// Corrects rows that count wrong. Then removes rows without a file: on a full disk, files can be deleted while rows cannot, and such a row
/// would count as cached until it is found.
/// </summary>
internal sealed class CacheSweep : IAsyncDisposable
{
    private readonly CacheFolder _folder;
    private readonly CacheRows _rows;
    private readonly CacheTable _table;
    private readonly CacheLedger _ledger;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();

    /// <summary>Starts the sweep.</summary>
    /// <param name="folder">The files.</param>
    /// <param name="rows">Their rows.</param>
    /// <param name="table">Both, with their locks.</param>
    /// <param name="ledger">Counts cached bytes.</param>
    /// <param name="logger">Gets failures.</param>
    public CacheSweep(CacheFolder folder, CacheRows rows, CacheTable table, CacheLedger ledger, ILogger logger)
    {
        (_folder, _rows, _table, _ledger, _logger) = (folder, rows, table, ledger, logger);
        Done = Task.Run(RunAsync);
    }

    /// <summary>Completes when the sweep ends; for tests.</summary>
    public Task Done { get; private set; }

    /// <summary>Sweeps again, because rows were lost.</summary>
    public void Again() => Done = Done.ContinueWith(_ => RunAsync(), TaskScheduler.Default).Unwrap();

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

    /// <summary>One bad file must not keep the others.</summary>
    private async Task LookAtAsync(UInt128 id, string path)
    {
        try
        {
            // Checked after the file was found and before its row is read: a file that was being created has its row by now, or is still
            // listed.
            if (_table.Creating.ContainsKey(id))
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
    /// The entry's name; null if its row is gone or names another file. The inner names are null if the file cannot be read.
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
    /// Removes a row without a file, unless the key has another entry by now: a row is written after its file, and a replaced entry's file
    /// is deleted last.
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

    /// <summary>Corrects a row whose last changes a crash lost.</summary>
    private async Task RecountAsync(string bucket, string key, UInt128 file, string path)
    {
        using (await _table.LockAsync(bucket, key, CancellationToken.None))
        {
            // A file opened since was counted then.
            if (_ledger.Find(file) is not null || _rows.Find(bucket, key) is not { } entry || entry.File != file)
            {
                return;
            }

            try
            {
                var bytes = await Task.Run(() => CacheFile.Count(path, _logger));
                if (bytes != entry.CachedBytes)
                {
                    await _rows.PutAsync(bucket, key, entry, entry with { CachedBytes = bytes });
                    _ledger.Add(bytes - entry.CachedBytes);
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
