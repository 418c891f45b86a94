using System.Threading.Channels;

using S3Overlay.Proxy.Embedded.Files;

namespace S3Overlay.Proxy.Embedded.Objects;

/// <summary>
/// The files of written objects: opened for those who read them, and taken away once nobody does. A multipart object that is overwritten stays readable, part by
/// part, for whoever started before (rule C4).
/// </summary>
internal sealed class ObjectFiles : IAsyncDisposable
{
    private readonly OpenFiles<FileId, OpenFile> _open = new();
    private readonly Channel<FileId> _removals = Channel.CreateUnbounded<FileId>(new UnboundedChannelOptions { SingleReader = true });
    private readonly StoreFolders _folders;
    private readonly StoreDisk _disk;
    private readonly LooseEnds _ends;
    private readonly Func<FileId, OpenFile> _opener;
    private readonly Task _removing;

    /// <summary>No file is open yet.</summary>
    public ObjectFiles(StoreFolders folders, StoreDisk disk, LooseEnds ends)
    {
        (_folders, _disk, _ends, _opener) = (folders, disk, ends, id => OpenFile.Open(folders, id));
        _removing = Task.Run(RemoveAsync);
    }

    /// <summary>Opens a file, or shares it with whoever has it open. Disposing the lease gives it back.</summary>
    /// <exception cref="FileNotFoundException">It is not there.</exception>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    public ValueTask<OpenFiles<FileId, OpenFile>.Lease> AcquireAsync(FileId id) => _open.AcquireAsync(id, _opener);

    /// <summary>Takes an object's files away, once nobody reads the first of them any more. The first is the one readers open first and hold longest.</summary>
    public void Remove(FileId root, IReadOnlyList<FileId> others) => _open.CloseThen(root, () =>
    {
        _removals.Writer.TryWrite(root);
        foreach (var other in others)
        {
            _removals.Writer.TryWrite(other);
        }
    });

    /// <summary>Closes the files that nobody reads, and finishes the removals.</summary>
    public async ValueTask DisposeAsync()
    {
        _open.Dispose();
        _removals.Writer.TryComplete();
        await _removing;
    }

    /// <summary>
    /// Removes files one after the other: unlinking a large one takes the file system a while, which is no request's matter. At the end the folders are
    /// synced, so that a store that was closed in order has nothing left that nothing names; where the disk fails, the next start looks for it.
    /// </summary>
    private async Task RemoveAsync()
    {
        var touched = new HashSet<string>(StringComparer.Ordinal);
        await foreach (var id in _removals.Reader.ReadAllAsync())
        {
            _open.Forget(id);
            if (!_disk.Delete(_folders.PathOf(id)))
            {
                _ends.Note();
            }

            touched.Add(_folders.FolderOf(id));
        }

        foreach (var folder in touched)
        {
            try
            {
                await _disk.SyncFolderAsync(folder);
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                _ends.Note();
            }
        }
    }
}
