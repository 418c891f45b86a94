using S3Overlay.Proxy.Embedded.Files;

namespace S3Overlay.Proxy.Embedded.Index;

/// <summary>An append-only log of records whose concurrent writers share the cost of bringing them to the disk.</summary>
internal sealed class GroupCommitLog : IAsyncDisposable
{
    private readonly StoreDisk _disk;
    private readonly Committer<ReadOnlyMemory<byte>> _committer;
    private readonly Lock _gate = new();
    private Journal _journal;

    private GroupCommitLog(Journal journal, StoreDisk disk)
    {
        (_journal, _disk) = (journal, disk);
        _committer = new(Append);
    }

    /// <summary>The log's length in bytes.</summary>
    public long Length => _journal.Length;

    /// <summary>Opens or makes a log and hands each of its records to <paramref name="replay"/>, oldest first. A torn tail is cut off.</summary>
    public static GroupCommitLog Open(string path, StoreDisk disk, Action<ReadOnlyMemory<byte>> replay)
    {
        var log = new GroupCommitLog(Journal.Open(path, disk, replay), disk);
        disk.SyncFolder(Path.GetDirectoryName(path)!);
        return log;
    }

    /// <summary>Appends a record; returns once it is on the disk.</summary>
    public ValueTask AppendAsync(ReadOnlyMemory<byte> record) => _committer.CommitAsync(record);

    /// <summary>Puts other records in the place of all there are, atomically: after a power cut there are the old ones or the new ones.</summary>
    public void Replace(IEnumerable<ReadOnlyMemory<byte>> records)
    {
        lock (_gate)
        {
            var path = _journal.Path;
            var aside = path + ".new";
            _disk.Delete(aside);
            using (var next = Journal.Open(aside, _disk, _ => { }))
            {
                foreach (var group in records.Chunk(1024))
                {
                    next.Append(group, waits: false);
                }

                next.Append([]);
            }

            _journal.Dispose();
            _disk.Move(aside, path);
            _disk.SyncFolder(Path.GetDirectoryName(path)!);
            _journal = Journal.Open(path, _disk, _ => { });
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _committer.DisposeAsync();
        _journal.Dispose();
    }

    private void Append(IReadOnlyList<ReadOnlyMemory<byte>> records)
    {
        lock (_gate)
        {
            _journal.Append(records);
        }
    }
}
