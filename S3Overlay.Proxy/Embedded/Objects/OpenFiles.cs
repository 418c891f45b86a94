using System.Threading.Channels;

using S3Overlay.Proxy.Embedded.Files;

namespace S3Overlay.Proxy.Embedded.Objects;

/// <summary>
/// The files that are open: those being read, and the most recently read of the others, so that a warm GET opens nothing. Also what holds back a file's
/// removal while somebody reads it: a multipart object that is overwritten stays readable, part by part, for whoever started before (rule C4).
/// </summary>
internal sealed class OpenFiles : IAsyncDisposable
{
    /// <summary>How many files nobody reads stay open.</summary>
    public const int DefaultLimit = 512;

    private readonly Dictionary<FileId, Entry> _entries = [];
    private readonly LinkedList<Entry> _idle = new();
    private readonly Channel<FileId> _removals = Channel.CreateUnbounded<FileId>(new UnboundedChannelOptions { SingleReader = true });
    private readonly StoreFolders _folders;
    private readonly StoreDisk _disk;
    private readonly int _limit;
    private readonly Task _removing;
    private bool _isClosed;

    /// <summary>No file is open yet.</summary>
    public OpenFiles(StoreFolders folders, StoreDisk disk, int limit = DefaultLimit)
    {
        (_folders, _disk, _limit) = (folders, disk, limit);
        _removing = Task.Run(RemoveAsync);
    }

    /// <summary>How many files are open.</summary>
    public int Count
    {
        get
        {
            lock (_entries)
            {
                return _entries.Count;
            }
        }
    }

    /// <summary>Opens a file, or shares it with whoever has it open. Disposing the lease gives it back.</summary>
    /// <exception cref="FileNotFoundException">It is not there.</exception>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    public async ValueTask<Lease> AcquireAsync(FileId id)
    {
        Entry entry;
        lock (_entries)
        {
            ObjectDisposedException.ThrowIf(_isClosed, this);
            if (!_entries.TryGetValue(id, out entry!))
            {
                entry = new Entry(id);
                _entries.Add(id, entry);
                entry.Opening = Task.Run(() => OpenFile.Open(_folders, id));
            }

            if (entry.Place is not null)
            {
                _idle.Remove(entry.Place);
                entry.Place = null;
            }

            entry.Users++;
        }

        try
        {
            return new Lease(this, entry, entry.Opening.IsCompletedSuccessfully ? entry.Opening.Result : await entry.Opening);
        }
        catch
        {
            Release(entry);
            throw;
        }
    }

    /// <summary>Takes an object's files away, once nobody reads the first of them any more. The first is the one readers open first and hold longest.</summary>
    public void Remove(FileId root, IReadOnlyList<FileId> others)
    {
        lock (_entries)
        {
            if (_entries.TryGetValue(root, out var entry))
            {
                entry.Removal = others;
                if (entry.Users > 0)
                {
                    return;
                }

                Drop(entry);
            }
        }

        Unlink(root, others);
    }

    /// <summary>Closes the files that nobody reads, and finishes the removals.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_entries)
        {
            _isClosed = true;
            foreach (var entry in _idle.ToArray())
            {
                Drop(entry);
            }
        }

        _removals.Writer.TryComplete();
        await _removing;
    }

    private void Release(Entry entry)
    {
        IReadOnlyList<FileId>? removal;
        lock (_entries)
        {
            if (--entry.Users > 0)
            {
                return;
            }

            removal = entry.Removal;
            if (removal is not null || _isClosed || !entry.Opening.IsCompletedSuccessfully)
            {
                Drop(entry);
            }
            else
            {
                entry.Place = _idle.AddLast(entry);
                while (_idle.Count > _limit)
                {
                    Drop(_idle.First!.Value);
                }
            }
        }

        if (removal is not null)
        {
            Unlink(entry.Id, removal);
        }
    }

    /// <summary>Closes a file that nobody reads. Called with the lock held.</summary>
    private void Drop(Entry entry)
    {
        _entries.Remove(entry.Id);
        if (entry.Place is not null)
        {
            _idle.Remove(entry.Place);
            entry.Place = null;
        }

        if (entry.Opening.IsCompletedSuccessfully)
        {
            entry.Opening.Result.Dispose();
        }
    }

    private void Unlink(FileId root, IReadOnlyList<FileId> others)
    {
        _removals.Writer.TryWrite(root);
        foreach (var other in others)
        {
            _removals.Writer.TryWrite(other);
        }
    }

    /// <summary>
    /// Removes files one after the other: unlinking a large one takes the file system a while, which is no request's matter. At the end the folders are
    /// synced, so that a store that was closed in order has nothing left that nothing names.
    /// </summary>
    private async Task RemoveAsync()
    {
        var touched = new HashSet<string>(StringComparer.Ordinal);
        await foreach (var id in _removals.Reader.ReadAllAsync())
        {
            lock (_entries)
            {
                if (_entries.TryGetValue(id, out var entry) && entry.Users == 0)
                {
                    Drop(entry);
                }
            }

            _disk.Delete(_folders.PathOf(id));
            touched.Add(_folders.FolderOf(id));
        }

        foreach (var folder in touched)
        {
            await _disk.SyncFolderAsync(folder);
        }
    }

    /// <summary>One file, and who reads it.</summary>
    internal sealed class Entry(FileId id)
    {
        /// <summary>Its name.</summary>
        public FileId Id { get; } = id;

        /// <summary>The opening of it, shared by all who want it.</summary>
        public Task<OpenFile> Opening { get; set; } = null!;

        /// <summary>How many read it.</summary>
        public int Users { get; set; }

        /// <summary>Its place among those nobody reads.</summary>
        public LinkedListNode<Entry>? Place { get; set; }

        /// <summary>The files to take away with it, once nobody reads it.</summary>
        public IReadOnlyList<FileId>? Removal { get; set; }
    }

    /// <summary>The right to read a file until it is disposed.</summary>
    internal readonly struct Lease(OpenFiles owner, Entry entry, OpenFile file) : IDisposable
    {
        /// <summary>The file.</summary>
        public OpenFile File { get; } = file;

        /// <inheritdoc/>
        public void Dispose() => owner.Release(entry);
    }
}
