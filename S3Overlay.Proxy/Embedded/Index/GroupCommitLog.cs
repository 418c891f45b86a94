using S3Overlay.Proxy.Embedded.Files;

namespace S3Overlay.Proxy.Embedded.Index;

/// <summary>An append-only log of records whose concurrent writers share the cost of bringing them to the disk.</summary>
internal sealed class GroupCommitLog : IAsyncDisposable
{
    private readonly Committer<ReadOnlyMemory<byte>> _committer;
    private readonly string _path;
    private readonly StoreDisk _disk;
    private Journal? _journal;
    private bool _isNamed;

    private GroupCommitLog(string path, StoreDisk disk)
    {
        (_path, _disk) = (path, disk);
        _committer = new(records => Begin(static _ => { }).Append(records));
    }

    /// <summary>The log's length in bytes.</summary>
    public long Length => _journal?.Length ?? 0;

    /// <summary>Whether the next opening may find a record that was refused. Known once the log is closed.</summary>
    public bool IsInDoubt => _journal is { IsInDoubt: true };

    /// <summary>
    /// Opens or makes a log and hands each of its records to <paramref name="replay"/>, oldest first. A torn tail is cut off. Where the disk has no room for a new one, the first record for which
    /// there is room makes it.
    /// </summary>
    public static GroupCommitLog Open(string path, StoreDisk disk, Action<ReadOnlyMemory<byte>> replay)
    {
        var log = new GroupCommitLog(path, disk);
        try
        {
            log.Begin(replay);
        }
        catch (IOException failure) when (StoreDisk.IsFull(failure))
        {
            // Whoever appends is told.
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

    private Journal Begin(Action<ReadOnlyMemory<byte>> replay)
    {
        _journal ??= Journal.Open(_path, _disk, replay);
        if (!_isNamed)
        {
            _disk.SyncFolder(Path.GetDirectoryName(_path)!);
            _isNamed = true;
        }

        return _journal;
    }
}
