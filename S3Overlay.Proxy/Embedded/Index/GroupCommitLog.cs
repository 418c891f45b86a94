using S3Overlay.Proxy.Embedded.Files;

namespace S3Overlay.Proxy.Embedded.Index;

/// <summary>An append-only log of records. Concurrent writers share the cost of a sync.</summary>
internal sealed class GroupCommitLog : IAsyncDisposable
{
    private readonly Committer<ReadOnlyMemory<byte>> _committer;
    private readonly string _path;
    private readonly StoreDisk _disk;
    private readonly long _end;
    private Journal? _journal;
    private bool _isNamed;

    private GroupCommitLog(string path, StoreDisk disk, long end)
    {
        (_path, _disk, _end) = (path, disk, end);
        _committer = new(records => Begin().Append(records));
    }

    public long Length => _journal?.Length ?? _end;

    /// <summary>True if the next start may find a record that was refused. Valid once the log is closed.</summary>
    public bool IsInDoubt => _journal is { IsInDoubt: true };

    /// <summary>Opens or creates a log. If the disk has no room for a new one, the first record that finds room creates it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="disk">The disk.</param>
    /// <param name="end">The end of its last complete record, as <see cref="JournalReader"/> found it; 0 for a new one. Anything behind it
    /// is cut off.</param>
    public static GroupCommitLog Open(string path, StoreDisk disk, long end)
    {
        var log = new GroupCommitLog(path, disk, end);
        try
        {
            log.Begin();
        }
        catch (IOException failure) when (StoreDisk.IsFull(failure))
        {
            // The append will report it.
        }
        catch
        {
            log._journal?.Dispose();
            throw;
        }

        return log;
    }

    /// <summary>Appends a record; returns once it is on the disk.</summary>
    public ValueTask AppendAsync(ReadOnlyMemory<byte> record) => _committer.CommitAsync(record);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _committer.DisposeAsync();
        try
        {
            _journal?.CutTail();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // It stays in doubt.
        }

        _journal?.Dispose();
    }

    private Journal Begin()
    {
        _journal ??= Journal.Open(_path, _disk, _end);
        if (!_isNamed)
        {
            _disk.SyncFolder(Path.GetDirectoryName(_path)!);
            _isNamed = true;
        }

        return _journal;
    }
}
