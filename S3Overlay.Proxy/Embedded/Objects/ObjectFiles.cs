using System.Collections.Concurrent;
using System.Threading.Channels;

using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Embedded.Objects;

/// <summary>
/// The files of written objects: opened for those who read them, and taken away once nobody does. A multipart object that is overwritten
/// stays readable, part by part, for whoever started before (rule C4).
/// </summary>
internal sealed class ObjectFiles : IAsyncDisposable
{
    private readonly OpenFiles<FileId, OpenFile> _open = new();
    private readonly Channel<(FileId Id, bool IsManifest)> _removals = Channel.CreateUnbounded<(FileId, bool)>(
        new UnboundedChannelOptions { SingleReader = true });
    private readonly StoreFolders _folders;
    private readonly StoreDisk _disk;
    private readonly DirtyFlag _ends;
    private readonly DiskReserve _reserve;
    private readonly ILogger _logger;
    private readonly Func<FileId, OpenFile> _opener;
    private readonly Task _removing;

    /// <summary>What is to be taken away, and still there; by file, with the object that it was of. Parts are of none.</summary>
    private readonly ConcurrentDictionary<FileId, ObjectName> _owed = new();

    /// <summary>No file is open yet.</summary>
    public ObjectFiles(StoreFolders folders, StoreDisk disk, DirtyFlag ends, DiskReserve reserve, ILogger logger)
    {
        (_folders, _disk, _ends, _reserve, _logger, _opener) = (folders, disk, ends, reserve, logger, id => OpenFile.Open(folders, id));
        _removing = Task.Run(RemoveAsync);
    }

    /// <summary>Opens a file, or shares it with whoever has it open. Disposing the lease gives it back.</summary>
    /// <exception cref="FileNotFoundException">It is not there.</exception>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    public ValueTask<OpenFiles<FileId, OpenFile>.Lease> AcquireAsync(FileId id) => _open.AcquireAsync(id, _opener);

    /// <summary>
    /// Takes an object's files away, once nobody reads the first of them any more: the one readers open first and hold longest.
    /// </summary>
    /// <param name="id">The object's file; of one in parts its manifest, which says what the parts are.</param>
    /// <param name="isManifest">Whether it is one.</param>
    /// <param name="name">The object it was of; nothing for a part.</param>
    public void Remove(FileId id, bool isManifest = false, ObjectName name = default)
    {
        _owed[id] = name;
        _open.CloseThen(id, () => _removals.Writer.TryWrite((id, isManifest)));
    }

    /// <summary>The objects of which files are to be taken away, and still there.</summary>
    public HashSet<(string Bucket, string Key)> Owed() =>
        [.. _owed.Values.Where(static name => name.Bucket is not null).Select(static name => (name.Bucket, name.Key))];

    /// <summary>
    /// Closes the files that nobody reads, and finishes the removals. What is still read is the next start's to take away.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        _open.Dispose();
        _removals.Writer.TryComplete();
        await _removing;
        if (!_owed.IsEmpty)
        {
            _ends.Note();
        }
    }

    /// <summary>
    /// Removes files one after the other: unlinking a large one takes the file system a while, which is no request's matter. At the end the
    /// folders are synced, so that a store that was closed in order has nothing left that nothing names; where the disk fails, the next
    /// start looks for it.
    /// </summary>
    private async Task RemoveAsync()
    {
        var touched = new HashSet<string>(StringComparer.Ordinal);
        await foreach (var (id, isManifest) in _removals.Reader.ReadAllAsync())
        {
            try
            {
                foreach (var file in isManifest ? [.. PartsOf(id), id] : (FileId[])[id])
                {
                    _open.Forget(file);
                    _disk.Remove(_folders.PathOf(file));
                    touched.Add(_folders.FolderOf(file));
                }

                _owed.TryRemove(id, out _);
                _reserve.TryKeep();
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or InvalidDataException)
            {
                _ends.Note();

                // The disk fails, somebody holds the file open who does not share, or nobody can tell what its parts are.
                Log.FilesLeftBehind(_logger, id.ToString(), failure);
            }
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

    private IEnumerable<FileId> PartsOf(FileId manifest)
    {
        using var file = RecordFile.Open(_folders.PathOf(manifest));
        return FileHeader.Read(RecordFile.ReadHeader(file).Header).Parts.Select(static part => part.File);
    }
}
