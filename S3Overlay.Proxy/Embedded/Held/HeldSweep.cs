using S3Overlay.Proxy.Embedded.Index;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Embedded.Held;

/// <summary>Removes, once after the start and in the background, the files that no row names: what a crash, or an index that was lost, left behind.</summary>
internal sealed class HeldSweep : IAsyncDisposable
{
    private readonly HeldFolder _folder;
    private readonly OrderedIndex _index;
    private readonly ILogger _logger;
    private readonly HashSet<UInt128> _making = [];
    private readonly CancellationTokenSource _stop = new();

    /// <summary>Begins.</summary>
    public HeldSweep(HeldFolder folder, OrderedIndex index, ILogger logger)
    {
        (_folder, _index, _logger) = (folder, index, logger);
        Done = Task.Run(Run);
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

    private void Run()
    {
        try
        {
            foreach (var (id, path) in _folder.Enumerate())
            {
                if (_stop.IsCancellationRequested)
                {
                    return;
                }

                if (!IsBeingMade(id) && !IsNamed(id, path))
                {
                    File.Delete(path);
                }
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
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

    private bool IsNamed(UInt128 id, string path)
    {
        try
        {
            var header = HeldFile.ReadHeader(path);
            return _index.TryGet(HeldEntry.KeyOf(header.Bucket, header.Key), out var value) && HeldEntry.Parse(value)?.File == id;
        }
        catch (InvalidDataException)
        {
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }
}
