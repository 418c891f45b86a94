using System.Threading.Channels;

using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Embedded.Objects;

/// <summary>
/// The files of written objects: opened for readers, and deleted when no reader is left. An overwritten multipart object stays readable,
/// part by part, for earlier readers (rule C4).
/// </summary>
internal sealed class ObjectFiles : IAsyncDisposable
{
    private readonly OpenFiles<FileId, OpenFile> _open;
    private readonly Channel<Removal> _removals = Channel.CreateUnbounded<Removal>(new UnboundedChannelOptions { SingleReader = true });
    private readonly StoreFolders _folders;
    private readonly StoreDisk _disk;
    private readonly DirtyFlag _dirty;
    private readonly DiskReserve _reserve;
    private readonly ILogger _logger;
    private readonly Func<FileId, OpenFile?> _tryOpen;
    private readonly Func<FileId, OpenFile> _opener;
    private readonly Task _removing;

    /// <summary>Removals that have not succeeded yet.</summary>
    private int _pending;

    public ObjectFiles(StoreFolders folders, StoreDisk disk, DirtyFlag dirty, DiskReserve reserve, HotObjects hot, ILogger logger)
    {
        (_folders, _disk, _dirty, _reserve, Hot, _logger) = (folders, disk, dirty, reserve, hot, logger);
        _open = new(hot.OpenFiles);
        (_tryOpen, _opener) = (id => OpenFile.TryOpenCached(folders, id), id => OpenFile.Open(folders, id));
        _removing = Task.Run(RemoveAsync);
    }

    /// <summary>Small objects in memory.</summary>
    public HotObjects Hot { get; }

    /// <summary>Opens or shares a file. Dispose the lease to release it.</summary>
    /// <exception cref="FileNotFoundException">It does not exist.</exception>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    public ValueTask<OpenFiles<FileId, OpenFile>.Lease> AcquireAsync(FileId id) => 
        _open.AcquireAsync(id, _tryOpen, _opener);

    /// <summary>
    /// Deletes an object's files once the first of them has no readers: the one that readers open first and keep longest.
    /// </summary>
    /// <param name="id">The object's file; for a multipart object its manifest, which names the parts.</param>
    /// <param name="isManifest">True for a manifest.</param>
    public void Remove(FileId id, bool isManifest = false)
    {
        Interlocked.Increment(ref _pending);
        _open.CloseThen(id, () => _removals.Writer.TryWrite(new Removal(id, isManifest)));
    }

    /// <summary>Called with each file that is gone, so that its row among those to be removed can go. Must not block.</summary>
    public Action<FileId> Removed { get; set; } = static _ => { };

    /// <summary>Completes when all files are removed that have no reader now.</summary>
    public Task DrainAsync()
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return _removals.Writer.TryWrite(new Removal(default, false, done)) ? done.Task : Task.CompletedTask;
    }

    /// <summary>Closes idle files and finishes the deletions. Files still being read are left for the next start.</summary>
    public async ValueTask DisposeAsync()
    {
        _open.Dispose();
        _removals.Writer.TryComplete();
        await _removing;
        if (Volatile.Read(ref _pending) > 0)
        {
            _dirty.Set();
        }
    }

    /// <summary>
    /// Deletes files one after the other: a large one takes the file system a while, which no request should wait for. Syncs the folders at
    /// the end, so a store that was closed cleanly has no file that no row names; if the disk fails, the next start looks for them.
    /// </summary>
    private async Task RemoveAsync()
    {
        var touched = new HashSet<string>(StringComparer.Ordinal);
        await foreach (var removal in _removals.Reader.ReadAllAsync())
        {
            if (removal.Done is not null)
            {
                removal.Done.SetResult();
            }
            else if (TryRemove(removal.Id, removal.IsManifest, touched))
            {
                Removed(removal.Id);
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
                _dirty.Set();
            }
        }
    }

    private bool TryRemove(FileId id, bool isManifest, HashSet<string> touched)
    {
        try
        {
            foreach (var file in isManifest ? [.. PartsOf(id), id] : (FileId[])[id])
            {
                _open.Forget(file);
                _disk.Remove(_folders.PathOf(file));
                touched.Add(_folders.FolderOf(file));
            }

            Interlocked.Decrement(ref _pending);
            _reserve.TryKeep();
            return true;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            _dirty.Set();

            // The disk fails, a program has the file open without sharing, or the manifest's parts are unknown.
            Log.FilesLeftBehind(_logger, id.ToString(), failure);
            return false;
        }
    }

    /// <summary>A file to remove, or a caller who waits until those before it are removed.</summary>
    private readonly record struct Removal(FileId Id, bool IsManifest, TaskCompletionSource? Done = null);

    /// <summary>The parts that a manifest names; none if the manifest is gone.</summary>
    private IEnumerable<FileId> PartsOf(FileId manifest) => File.Exists(_folders.PathOf(manifest))
        ? FileHeader.ReadFrom(_folders.PathOf(manifest)).Parts.Select(static part => part.File)
        : [];
}
