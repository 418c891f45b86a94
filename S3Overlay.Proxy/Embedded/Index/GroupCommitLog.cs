using S3Overlay.Proxy.Embedded.Files;

namespace S3Overlay.Proxy.Embedded.Index;

/// <summary>An append-only log of records whose concurrent writers share the cost of bringing them to the disk.</summary>
internal sealed class GroupCommitLog : IAsyncDisposable
{
    private readonly Committer<ReadOnlyMemory<byte>> _committer;
    private readonly Journal _journal;

    private GroupCommitLog(Journal journal)
    {
        _journal = journal;
        _committer = new(records => journal.Append(records));
    }

    /// <summary>The log's length in bytes.</summary>
    public long Length => _journal.Length;

    /// <summary>Whether the next opening may find a record that was refused. Known once the log is closed.</summary>
    public bool IsInDoubt => _journal.IsInDoubt;

    /// <summary>Opens or makes a log and hands each of its records to <paramref name="replay"/>, oldest first. A torn tail is cut off.</summary>
    public static GroupCommitLog Open(string path, StoreDisk disk, Action<ReadOnlyMemory<byte>> replay)
    {
        var journal = Journal.Open(path, disk, replay);
        try
        {
            disk.SyncFolder(Path.GetDirectoryName(path)!);
            return new GroupCommitLog(journal);
        }
        catch
        {
            journal.Dispose();
            throw;
        }
    }

    /// <summary>Appends a record; returns once it is on the disk.</summary>
    public ValueTask AppendAsync(ReadOnlyMemory<byte> record) => _committer.CommitAsync(record);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _committer.DisposeAsync();
        try
        {
            _journal.CutTail();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // It stays in doubt.
        }

        _journal.Dispose();
    }
}
