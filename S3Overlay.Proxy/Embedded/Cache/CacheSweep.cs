using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Embedded.Cache;

/// <summary>
/// Runs in the background after the start, and whenever rows were lost. Makes lost rows again from the files; otherwise removes files
/// without a row, left by a crash. Corrects rows that count wrong. Then removes rows without a file: on a full disk, files can be deleted
/// while rows cannot, and such a row would count as cached until it is found.
/// </summary>
/// <param name="folder">The files.</param>
/// <param name="rows">Their rows.</param>
/// <param name="table">Both, with their locks.</param>
/// <param name="ledger">Counts cached bytes.</param>
/// <param name="logger">Gets failures.</param>
internal sealed class CacheSweep(CacheFolder folder, CacheRows rows, CacheTable table, CacheLedger ledger, ILogger logger)
    : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();

    /// <summary>Completes when the sweep ends; for tests.</summary>
    public Task Done { get; private set; } = Task.CompletedTask;

    /// <summary>Sweeps in the background, after a sweep that is running.</summary>
    public void Begin()
    {
        lock (_stop)
        {
            Done = Done.ContinueWith(_ => RunAsync(), TaskScheduler.Default).Unwrap();
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
            foreach (var (id, path) in folder.Enumerate())
            {
                if (_stop.IsCancellationRequested)
                {
                    return;
                }

                await LookAtAsync(id, path);
            }

            foreach (var (bucket, key, entry) in rows.All())
            {
                if (_stop.IsCancellationRequested)
                {
                    return;
                }

                if (!folder.Has(entry.File))
                {
                    await ForgetAsync(bucket, key, entry.File);
                }
            }
        }
        catch (Exception failure)
        {
            Log.CacheCleaningFailed(logger, failure);
        }
    }

    /// <summary>One bad file must not keep the others.</summary>
    private async Task LookAtAsync(UInt128 id, string path)
    {
        try
        {
            // Checked after the file was found and before its row is read: a file that was being created has its row by now, or is still
            // listed.
            if (table.Creating.ContainsKey(id))
            {
                return;
            }

            if (await NameOfAsync(id, path) is not { } header)
            {
                if (!rows.WereLost || !await TryAdoptAsync(id, path))
                {
                    File.Delete(path);
                    ledger.Forget(id);
                }
            }
            else if (header.Key is not null)
            {
                await RecountAsync(header.Bucket!, header.Key, id, path);
            }
        }
        catch (Exception failure)
        {
            Log.CacheCleaningFailed(logger, failure);
        }
    }

    /// <summary>
    /// The entry's name; null if its row is gone or names another file. The inner names are null if the file cannot be read.
    /// </summary>
    private async Task<(string? Bucket, string? Key)?> NameOfAsync(UInt128 id, string path)
    {
        try
        {
            var header = CacheFile.ReadHeader(path);
            return (await rows.FindAsync(header.Bucket, header.Key))?.File == id
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
        using (await table.LockAsync(bucket, key, CancellationToken.None))
        {
            if (await rows.FindAsync(bucket, key) is { } entry && entry.File == file && !folder.Has(file))
            {
                await table.ForgetAsync(bucket, key, entry);
            }
        }
    }

    /// <summary>Makes a file the entry of the key that it names, unless the key has another one.</summary>
    /// <returns>False if the file is of no use.</returns>
    private async Task<bool> TryAdoptAsync(UInt128 id, string path)
    {
        try
        {
            var header = CacheFile.ReadHeader(path);
            using (await table.LockAsync(header.Bucket, header.Key, CancellationToken.None))
            {
                if (await rows.FindAsync(header.Bucket, header.Key) is { } entry)
                {
                    return entry.File == id;
                }

                var bytes = await Task.Run(() => CacheFile.Count(path, logger));
                await rows.PutAsync(header.Bucket, header.Key, new CacheRows.Entry(id, header.Info.Size, header.Info.LastModified,
                    header.Info.ETag, File.GetLastWriteTimeUtc(path), bytes));
                ledger.Add(bytes);
                return true;
            }
        }
        catch (InvalidDataException)
        {
            return false;
        }
    }

    /// <summary>Corrects a row whose last changes a crash lost.</summary>
    private async Task RecountAsync(string bucket, string key, UInt128 file, string path)
    {
        using (await table.LockAsync(bucket, key, CancellationToken.None))
        {
            // A file opened since was counted then.
            if (ledger.Find(file) is not null || await rows.FindAsync(bucket, key) is not { } entry || entry.File != file)
            {
                return;
            }

            try
            {
                var bytes = await Task.Run(() => CacheFile.Count(path, logger));
                if (bytes != entry.CachedBytes)
                {
                    await rows.PutAsync(bucket, key, entry with { CachedBytes = bytes });
                    ledger.Add(bytes - entry.CachedBytes);
                }
            }
            catch (InvalidDataException failure)
            {
                Log.CacheEntryUnusable(logger, Path.GetFileName(path), failure.Message);
                await table.ForgetAsync(bucket, key, entry);
            }
        }
    }
}
