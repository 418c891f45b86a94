using S3Overlay.Proxy.Concurrency;
using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Embedded.Index;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Embedded.Deletes;

/// <summary>
/// The source of truth for deletes: an appended, synced log in segments. The index has the same for look-ups and is rebuilt from it; the
/// log keeps a rebuild from bringing back an object whose file's removal a power cut undid. Records go to the last segment, the only one
/// that a start reads. The next segment begins once everything in it is safely in the index.
/// </summary>
internal sealed class DeleteLog(DeleteSegments segments, StoreDisk disk, int number, GroupCommitLog log) : IAsyncDisposable
{
    private readonly NameLocks<int> _changes = new();
    private GroupCommitLog _log = log;
    private int _number = number;
    private bool _wasInDoubt;

    /// <summary>True if the next start may find a delete that was refused. Valid once the log is closed.</summary>
    public bool IsInDoubt => _wasInDoubt || _log.IsInDoubt;

    /// <summary>True if the last segment was damaged when it was opened: the index may have what is missing there.</summary>
    public bool WasIncomplete { get; private set; }

    /// <summary>The last segment's length in bytes.</summary>
    public long Length => _log.Length;

    /// <summary>Total length of the closed segments in bytes.</summary>
    public long SettledBytes => Settled().Sum(static path => new FileInfo(path).Length);

    /// <summary>Called after each record. Must not block.</summary>
    public Action Appended { get; set; } = static () => { };

    /// <summary>Opens the log. A damaged last segment is left unchanged, and the next one begins.</summary>
    /// <param name="segments">The segments.</param>
    /// <param name="disk">The disk.</param>
    /// <param name="wasClosed">True if the last process closed the log: an incomplete record is then damage.</param>
    /// <param name="logger">Gets damage.</param>
    public static DeleteLog Open(DeleteSegments segments, StoreDisk disk, bool wasClosed, ILogger logger)
    {
        var last = segments.List().LastOrDefault();
        var number = last is null ? 1 : DeleteSegments.NumberOf(last);
        var (end, isIncomplete) = (0L, false);
        if (last is not null && JournalReader.Open(last) is { } reader)
        {
            using (reader)
            {
                while (reader.TryRead(out _))
                {
                }

                (end, isIncomplete) = (reader.Position, !reader.IsAtEnd);
                if (isIncomplete && reader.IsTorn && !wasClosed)
                {
                    Log.JournalTorn(logger, last, reader.Left);
                }
                else if (isIncomplete)
                {
                    Log.DeleteLogDamaged(logger, last, reader.Position);
                    (number, end) = (number + 1, 0);
                }
            }
        }

        return new DeleteLog(segments, disk, number, GroupCommitLog.Open(segments.PathOf(number), disk, end))
            { WasIncomplete = isIncomplete };
    }

    /// <summary>Keep the result from before a record is appended until the index has followed: no segment begins until then.</summary>
    public ValueTask<NameLocks<int>.Held> EnterAsync() => _changes.ShareAsync(0, CancellationToken.None);

    /// <summary>Adds a record; returns once it survives a power cut.</summary>
    public async ValueTask AppendAsync(DeleteRecord record)
    {
        try
        {
            await _log.AppendAsync(record.Write());
        }
        catch (IOException failure)
        {
            throw StoreDisk.ToS3(failure);
        }

        Appended();
    }

    /// <summary>
    /// Begins the next segment if <paramref name="isSettled"/> says that everything in this one is safely in the index. Waits until no
    /// change is running.
    /// </summary>
    public async Task TurnAsync(Func<bool> isSettled)
    {
        using (await _changes.TakeAsync(0, CancellationToken.None))
        {
            if (!isSettled())
            {
                return;
            }

            var next = GroupCommitLog.Open(segments.PathOf(_number + 1), disk, 0);
            await _log.DisposeAsync();
            _wasInDoubt |= _log.IsInDoubt;
            (_log, _number) = (next, _number + 1);
        }
    }

    /// <summary>Replaces all segments before the last one by other records.</summary>
    public async Task CompactAsync(Func<IReadOnlyList<string>, IEnumerable<DeleteRecord>> records)
    {
        if (Settled() is { Count: > 0 } old)
        {
            await segments.ReplaceAsync(disk, old, segments.PathOf(_number - 1), records(old));
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _log.DisposeAsync();

    private List<string> Settled() => segments.List().FindAll(path => DeleteSegments.NumberOf(path) < _number);
}
