using S3Overlay.Proxy.Embedded.Index;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Embedded.Held;

/// <summary>
/// Removes, once after the start and in the background, the files that no row names: what a crash, or an index that was lost, left behind. Of those that have a
/// row it is seen whether the row says how much they hold.
/// </summary>
internal sealed class HeldSweep : IAsyncDisposable
{
    private readonly HeldFolder _folder;
    private readonly OrderedIndex _index;
    private readonly Func<string, string, UInt128, string, Task> _recount;
    private readonly ILogger _logger;
    private readonly HashSet<UInt128> _making = [];
    private readonly CancellationTokenSource _stop = new();

    /// <summary>Begins.</summary>
    /// <param name="folder">The files.</param>
    /// <param name="index">Their rows.</param>
    /// <param name="recount">Sees whether the row of a bucket's key says how much its file holds: bucket, key, file, path.</param>
    /// <param name="logger">Where failures are told.</param>
    public HeldSweep(HeldFolder folder, OrderedIndex index, Func<string, string, UInt128, string, Task> recount, ILogger logger)
    {
        (_folder, _index, _recount, _logger) = (folder, index, recount, logger);
        Done = Task.Run(RunAsync);
    }

    /// <summary>Finishes once they are gone. Nothing waits for it but tests.</summary>
    public Task Done { get; }

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
            }
            else if (header.Key is not null)
            {
                await _recount(header.Bucket!, header.Key, id, path);
            }
        }
        catch (Exception failure)
        {
            Log.HeldCleaningFailed(_logger, failure);
        }
    }

    /// <summary>Asked after the file was found, and before its row is looked for: one that was being made has its row by now, or is in the list still.</summary>
    private bool IsBeingMade(UInt128 id)
    {
        lock (_making)
        {
            return _making.Contains(id);
        }
    }

    /// <summary>Whose copy a file is; null where its row is gone or names another file, and nothing but null within where the file cannot be read now.</summary>
    private (string? Bucket, string? Key)? NameOf(UInt128 id, string path)
    {
        try
        {
            var header = HeldFile.ReadHeader(path);
            return _index.TryGet(HeldEntry.KeyOf(header.Bucket, header.Key), out var value) && HeldEntry.Parse(value)?.File == id
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
}
