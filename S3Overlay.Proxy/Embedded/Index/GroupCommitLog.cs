namespace S3Overlay.Proxy.Embedded.Index;

/// <summary>An append-only log of records whose concurrent writers share the cost of bringing them to the disk.</summary>
public sealed class GroupCommitLog : IAsyncDisposable
{
    private readonly bool _durable;
    private readonly Committer<ReadOnlyMemory<byte>> _committer;
    private readonly Lock _gate = new();
    private Journal _journal;

    private GroupCommitLog(Journal journal, bool durable)
    {
        (_journal, _durable) = (journal, durable);
        _committer = new(Append);
    }

    /// <summary>The log's length in bytes.</summary>
    public long Length => _journal.Length;

    /// <summary>Opens or makes a log and hands each of its records to <paramref name="replay"/>, oldest first. A torn tail is cut off.</summary>
    public static GroupCommitLog Open(string path, bool durable, Action<ReadOnlyMemory<byte>> replay)
    {
        var log = new GroupCommitLog(Journal.Open(path, replay), durable);
        if (durable)
        {
            FolderSync.Sync(Path.GetDirectoryName(path)!);
        }

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
            File.Delete(aside);
            using (var next = Journal.Open(aside, _ => { }))
            {
                foreach (var group in records.Chunk(1024))
                {
                    next.Append(group, durable: false);
                }

                next.Append([], _durable);
            }

            _journal.Dispose();
            File.Move(aside, path, overwrite: true);
            FolderSync.Sync(Path.GetDirectoryName(path)!);
            _journal = Journal.Open(path, _ => { });
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
            _journal.Append(records, _durable);
        }
    }
}
