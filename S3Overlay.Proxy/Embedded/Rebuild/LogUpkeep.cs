using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Embedded.Journals;
using S3Overlay.Proxy.Embedded.Objects;
using S3Overlay.Proxy.Embedded.Rows;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Embedded.Rebuild;

/// <summary>
/// Keeps the log short while the store runs. A full segment is closed. When closed segments have grown to twice what the last compaction
/// left, they are replaced by what a rebuild cannot know from the object files: buckets, open uploads, tombstones, changed tags, and
/// deletes of objects whose files are not all gone for good.
/// </summary>
/// <param name="rows">The rows and their _log.</param>
/// <param name="objects">Knows if files may exist that no row names.</param>
/// <param name="folders">The object files' folders.</param>
/// <param name="disk">The disk.</param>
/// <param name="segmentSize">Length of a full segment in bytes.</param>
/// <param name="logger">Gets failures.</param>
internal sealed class LogUpkeep(StoreRows rows, ObjectTable objects, StoreFolders folders, StoreDisk disk, long segmentSize,
    ILogger logger) : IAsyncDisposable
{
    private readonly ChangeLog _log = rows.Log;
    private readonly Lock _lock = new();
    private Task _running = Task.CompletedTask;
    private bool _isClosed;

    /// <summary>Length of the last segment at which it is checked again; at least that of a full one.</summary>
    private long _next;

    /// <summary>What the last compaction left.</summary>
    private long _compacted;

    /// <summary>Completes when no work is running. For disposal and tests.</summary>
    public Task Done => _running;

    /// <summary>A record was added.</summary>
    public void Logged()
    {
        if (_log.End.Offset > Math.Max(segmentSize, Volatile.Read(ref _next)))
        {
            Start(mustCompact: false);
        }
    }

    /// <summary>Checks the log at the start.</summary>
    /// <param name="mustCompact">True if the log lacks something that the rows have, so it must be rewritten.</param>
    public async Task BeginAsync(bool mustCompact)
    {
        // What ran until now may have had to keep deletes.
        await _running;
        if (mustCompact || _log.End.Offset > segmentSize || _log.ClosedBytes > 2 * segmentSize)
        {
            Start(mustCompact);
        }

        await _running;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            _isClosed = true;
        }

        await _running;
    }

    private void Start(bool mustCompact)
    {
        lock (_lock)
        {
            if (!_isClosed && _running.IsCompleted)
            {
                _running = Task.Run(() => RunAsync(mustCompact));
            }
        }
    }

    private async Task RunAsync(bool mustCompact)
    {
        try
        {
            var isFull = mustCompact || _log.End.Offset > segmentSize;
            var closed = _log.ClosedBytes + (isFull ? _log.End.Offset : 0);

            // If files may exist that no row names, any delete may be the one that keeps such a file from coming back.
            var mayCompact = !objects.MayHaveOrphans && (mustCompact || closed > 2 * Math.Max(_compacted, segmentSize / 2));
            if ((isFull || mayCompact) && await rows.TurnAsync() is { } next && mayCompact)
            {
                await CompactAsync(next);
                _compacted = _log.ClosedBytes;
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or S3Exception)
        {
            Log.TidyingFailed(logger, failure);
        }

        // If it could not be closed, retry once it has grown as much again.
        Volatile.Write(ref _next, _log.End.Offset > segmentSize ? _log.End.Offset + segmentSize : 0);
    }

    private async Task CompactAsync(int next)
    {
        // First list what is still to be removed, then sync: what is gone by now stays gone.
        var pending = rows.ListRemovals().FindAll(removal => !IsGone(folders.PathOf(removal.File)));
        foreach (var folder in Directory.GetDirectories(folders.Objects))
        {
            await disk.SyncFolderAsync(folder);
        }

        _log.Replace(next, Records(pending), Path.Combine(folders.Incoming, "changes"));
    }

    /// <summary>True only if that is certain: <see cref="File.Exists"/> is false for a file that the disk fails to show, too.</summary>
    private static bool IsGone(string path)
    {
        try
        {
            File.GetAttributes(path);
            return false;
        }
        catch (Exception failure) when (failure is FileNotFoundException or DirectoryNotFoundException)
        {
            return true;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private IEnumerable<ReadOnlyMemory<byte>> Records(List<RemovalRow> pending)
    {
        yield return Change.Write([Change.OfReplacement(rows.HighestSequence)]);
        foreach (var change in rows.NotInFiles())
        {
            yield return Change.Write([change]);
        }

        foreach (var removal in pending)
        {
            var change = removal.Bucket.Length > 0 ? Change.OfDelete(removal.Bucket, removal.Key, removal.Sequence)
                : Change.OfRemoval(removal.File);
            yield return Change.Write([change]);
        }
    }
}
