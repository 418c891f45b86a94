using S3Overlay.Proxy.Embedded.Buckets;
using S3Overlay.Proxy.Embedded.Deletes;
using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Embedded.Index;
using S3Overlay.Proxy.Embedded.Objects;
using S3Overlay.Proxy.Embedded.Rows;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Embedded.Rebuild;

/// <summary>
/// Keeps the delete log short while the store runs. A full segment is closed. When closed segments have grown to twice what the last
/// compaction left, they are replaced by what a rebuild still needs: valid tombstones, tags that their object still has, and graves of keys
/// whose files are not all gone for good.
/// </summary>
/// <param name="log">The log.</param>
/// <param name="index">Has everything in closed segments, and knows what still counts.</param>
/// <param name="objects">Knows if files may exist that no row names.</param>
/// <param name="files">Knows the keys whose files are still to be removed.</param>
/// <param name="buckets">Know which tombstones were removed with their bucket.</param>
/// <param name="folders">The object files' folders.</param>
/// <param name="disk">The disk.</param>
/// <param name="segmentSize">Length of a full segment in bytes.</param>
/// <param name="logger">Gets failures.</param>
internal sealed class DeleteUpkeep(DeleteLog log, OrderedIndex index, ObjectTable objects, ObjectFiles files, BucketTable buckets,
    StoreFolders folders, StoreDisk disk, long segmentSize, ILogger logger) : IAsyncDisposable
{
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
    public void Appended()
    {
        if (log.Length > Math.Max(segmentSize, Volatile.Read(ref _next)))
        {
            Start(mustCompact: false);
        }
    }

    /// <summary>Checks the log at the start.</summary>
    /// <param name="mustCompact">True if the log lacks something that the index has, so it must be rewritten.</param>
    public Task BeginAsync(bool mustCompact)
    {
        if (mustCompact || log.Length > segmentSize || log.SettledBytes > 2 * segmentSize)
        {
            Start(mustCompact);
        }

        return _running;
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
            if (mustCompact || log.Length > segmentSize)
            {
                await log.TurnAsync(() => !index.IsBehind);
            }

            // If files may exist that no row names, any grave may be the one that keeps such a file from coming back.
            if (!objects.MayHaveOrphans && (mustCompact || log.SettledBytes > 2 * Math.Max(_compacted, segmentSize / 2)))
            {
                await CompactAsync(mustCompact);
                _compacted = log.SettledBytes;
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            Log.TidyingFailed(logger, failure);
        }

        // If it could not be closed, retry once it has grown as much again.
        Volatile.Write(ref _next, log.Length > segmentSize ? log.Length + segmentSize : 0);
    }

    private async Task CompactAsync(bool isIncomplete)
    {
        // First list what is still to be removed, then sync: what is gone by now stays gone.
        var pending = files.Owed();
        foreach (var folder in Directory.GetDirectories(folders.Objects))
        {
            await disk.SyncFolderAsync(folder);
        }

        await log.CompactAsync(segments => Tombstones()
            .Concat(DeleteSegments.Read(segments).Where(record => IsNeeded(record, pending)))
            .Concat(isIncomplete ? ChangedTags() : []));
    }

    /// <summary>From the index, which also has those that are unreadable in the log.</summary>
    private IEnumerable<DeleteRecord> Tombstones()
    {
        foreach (var (name, value) in index.Scan([RowKeys.Tombstone]))
        {
            var ((bucket, key), sequence) = (RowKeys.NameOf(name), SequenceCounter.Read(value));
            if (sequence >= (buckets.Find(bucket)?.PurgedUpTo ?? 0))
            {
                yield return new DeleteRecord(DeleteKind.Tombstone, sequence, bucket, key, default);
            }
        }
    }

    /// <summary>
    /// Tags that differ between the index and the object's file. Reads every file, so this is done only if the log lacks some.
    /// </summary>
    private IEnumerable<DeleteRecord> ChangedTags()
    {
        foreach (var (name, value) in index.Scan([RowKeys.Object]))
        {
            var ((bucket, key), row) = (RowKeys.NameOf(name), ObjectRow.Read(value));
            if (StoredFiles.ReadHeader(folders.PathOf(row.File), logger) is { } header && header.Tags != row.Tags)
            {
                yield return new DeleteRecord(DeleteKind.Tags, row.Sequence, bucket, key, row.File, row.Tags);
            }
        }
    }

    private bool IsNeeded(DeleteRecord record, HashSet<(string Bucket, string Key)> pending) => record.Kind switch
    {
        DeleteKind.Tags => objects.Find(record.Bucket, record.Key) is { } row && row.File == record.File && row.Tags == record.Tags,
        DeleteKind.Grave => pending.Contains((record.Bucket, record.Key)),
        _ => false,
    };
}
