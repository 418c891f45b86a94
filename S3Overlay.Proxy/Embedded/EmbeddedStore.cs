using S3Overlay.Proxy.Embedded.Buckets;
using S3Overlay.Proxy.Embedded.Deletes;
using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Embedded.Index;
using S3Overlay.Proxy.Embedded.Listings;
using S3Overlay.Proxy.Embedded.Objects;
using S3Overlay.Proxy.Embedded.Rebuild;
using S3Overlay.Proxy.Embedded.Rows;
using S3Overlay.Proxy.Embedded.Tombstones;
using S3Overlay.Proxy.Embedded.Uploads;
using S3Overlay.Proxy.Protocol.Listings;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Embedded;

/// <summary>
/// The built-in store: object files that describe themselves, a log of deletes, bucket and upload records; and over them an index that may
/// be thrown away. docs/storage-format.md says what lies where, and in which order it gets there.
/// </summary>
public sealed class EmbeddedStore : IAsyncDisposable
{
    /// <summary>How often it is looked for completed uploads whose time is over.</summary>
    private static readonly TimeSpan ForgettingPause = TimeSpan.FromHours(1);

    private readonly OwnerLock _lock;
    private readonly StoreFolders _folders;
    private readonly StoreDisk _disk;
    private readonly SequenceCounter _sequences;
    private readonly EmbeddedOptions _options;
    private readonly DiskReserve _reserve;
    private readonly CancellationTokenSource _closing = new();
    private Task _tidying = Task.CompletedTask;
    private ITimer _forgetting = null!;
    private DeleteUpkeep _upkeep = null!;

    private EmbeddedStore(EmbeddedOptions options, OwnerLock owner, StoreFolders folders, StoreDisk disk, DirtyFlag ends,
        OrderedIndex index)
    {
        (_options, _lock, _folders, _disk, Index) = (options, owner, folders, disk, index);
        _sequences = SequenceCounter.Open(folders, disk, index, options.Logger);
        _reserve = new DiskReserve(folders, disk);
        _reserve.TryKeep();
        Files = new ObjectFiles(folders, disk, ends, _reserve, options.Logger);
        Buckets = new BucketTable(folders, disk, ends, index, _sequences);
        Objects = new ObjectTable(folders, disk, ends, _reserve, index, _sequences, Buckets, Files, options.Time, options.Logger);
        Tombstones = new TombstoneTable(index, _sequences, Buckets, Objects, _reserve);
        Uploads = new UploadTable(folders, disk, ends, _reserve, index, _sequences, Buckets, Objects, Files, options.Time);
    }

    internal OrderedIndex Index { get; }

    internal ObjectFiles Files { get; }

    internal BucketTable Buckets { get; }

    internal ObjectTable Objects { get; }

    internal TombstoneTable Tombstones { get; }

    internal UploadTable Uploads { get; }

    internal string Region => _options.Region;

    internal long MinPartSize => _options.MinPartSize;

    internal TimeProvider Time => _options.Time;

    internal ILogger Logger => _options.Logger;

    internal DateTimeOffset Now => _options.Time.GetUtcNow();

    /// <summary>What is tidied up after opening; for tests.</summary>
    internal Task Tidying => _tidying;

    /// <summary>What keeps the log of deletes short; for tests.</summary>
    internal DeleteUpkeep Upkeep => _upkeep;

    /// <summary>Opens a data folder, making it where it is missing, and building its index where that is missing or damaged.</summary>
    /// <exception cref="StoreUnavailableException">The folder is another process's, of another version, holds somebody else's data, or
    /// cannot be written.</exception>
    public static async Task<EmbeddedStore> OpenAsync(EmbeddedOptions options, CancellationToken cancellationToken = default)
    {
        var folders = new StoreFolders(options.Folder);
        var disk = options.Disk ?? new StoreDisk(options.IsDurable);
        try
        {
            Directory.CreateDirectory(folders.Root);
            ForeignFolder.Refuse(folders);
        }
        catch (Exception failure)
            when (failure is UnauthorizedAccessException || (failure is IOException refusal && !StoreDisk.IsFull(refusal)))
        {
            throw new StoreUnavailableException(
                $"The data folder {folders.Root} cannot be used: {failure.Message} Set S3_OVERLAY_DATA_DIR to a folder of this proxy's own.", failure);
        }

        var owner = OwnerLock.Take(folders);
        OrderedIndex? index = null;
        try
        {
            FormatFile.Check(folders, disk);
            if (folders.Create())
            {
                await disk.SyncFolderAsync(folders.Objects);
                await disk.SyncFolderAsync(folders.Root);
            }

            var wasClean = CleanShutdownMarker.Take(folders, disk);
            var ends = new DirtyFlag();
            index = await IndexOpening.OpenAsync(folders, disk, ends, options, wasClean, cancellationToken);
            var store = new EmbeddedStore(options, owner, folders, disk, ends, index);
            store.Start(wasClean);
            store.Tombstones.Count.Begin(index);
            return store;
        }
        catch
        {
            if (index is not null)
            {
                await index.DisposeAsync();
            }

            owner.Dispose();
            throw;
        }
    }

    /// <summary>Looks at a folder as opening it would. Changes nothing, and opens nothing: another process may be at work there.</summary>
    /// <exception cref="StoreUnavailableException">It is of another version, or holds somebody else's data.</exception>
    public static void RequireOwn(string folder)
    {
        var folders = new StoreFolders(folder);
        ForeignFolder.Refuse(folders);
        FormatFile.RequireKnown(folders);
    }

    /// <summary>Looks whether the data folder is still there and can be read, as it was when it was opened.</summary>
    /// <exception cref="StoreUnavailableException">It is another's by now.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public Task CheckAsync() => Task.Run(() =>
    {
        if (!File.Exists(_folders.Format))
        {
            throw new IOException($"The data folder {_folders.Root} is gone.");
        }

        FormatFile.Check(_folders, _disk);
    });

    /// <summary>The written objects of a bucket as a listing wants them.</summary>
    public IListingSource ListWritten(string bucket, ListingQuery query) => new WrittenRows(Index, bucket, query);

    /// <summary>Takes a bucket away with the uploads that are open in it.</summary>
    internal async Task DeleteBucketAsync(string bucket, bool isOpaque, CancellationToken cancellationToken)
    {
        // The uploads are noted while nobody can start one, and given up after the bucket is gone: one that is being completed waits for
        // the bucket, and giving it up waits for the completion.
        List<UploadRecord> open = [];
        await _reserve.UseAsync(() => Buckets.DeleteAsync(bucket, isOpaque, () => open = Uploads.Of(bucket), cancellationToken));
        await Uploads.AbortAllAsync(open);
        if (isOpaque)
        {
            await Tombstones.ForgetAsync(bucket);
        }
    }

    /// <summary>Ends what runs in the background, closes every file and gives the folder back.</summary>
    public async ValueTask DisposeAsync()
    {
        await _forgetting.DisposeAsync();
        await _closing.CancelAsync();
        await _tidying.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _upkeep.DisposeAsync();
        await Tombstones.Count.DisposeAsync();
        await Objects.Deletes.DisposeAsync();
        await Index.DisposeAsync();
        await Objects.RemoveRefusedAsync();
        await Files.DisposeAsync();
        if (!Objects.MayHaveOrphans && !Index.IsBehind && !Objects.Deletes.IsInDoubt)
        {
            CleanShutdownMarker.Leave(_folders, _disk);
        }

        _sequences.Dispose();
        _closing.Dispose();
        _lock.Dispose();
    }

    private void Start(bool wasClean)
    {
        Objects.FollowsCrash = !wasClean;
        Objects.Deletes = DeleteLog.Open(new DeleteSegments(_folders), _disk, wasClean, _options.Logger);
        _upkeep = new DeleteUpkeep(Objects.Deletes, Index, Objects, Files, Buckets, _folders, _disk, _options.DeleteSegmentSize,
            _options.Logger);
        Objects.Deletes.Appended = _upkeep.Appended;

        // What lies here was being written when the last process ended, and belongs to nobody. Listed now: new files must not be among
        // them.
        var leftovers = Directory.GetFiles(_folders.Incoming);
        _tidying = Task.Run(() => TidyAsync(leftovers));
        _forgetting = Time.CreateTimer(_ => Forget(), null, ForgettingPause, ForgettingPause);
    }

    private async Task TidyAsync(string[] leftovers)
    {
        try
        {
            foreach (var leftover in leftovers)
            {
                _disk.Delete(leftover);
            }

            await ForgetAsync();
            if (Objects.FollowsCrash)
            {
                // What cannot be taken away is looked for again at the next start.
                var aside = new AsideFolder(_folders, _disk, Now);
                Objects.FollowsCrash = !await OrphanSweep.RunAsync(_folders, _disk, aside, Objects, Uploads, _sequences.AtOpening,
                    _options.Logger, _closing.Token);
            }

            await _upkeep.BeginAsync(Objects.Deletes.WasIncomplete);
        }
        catch (OperationCanceledException)
        {
        }
        catch (Exception failure)
        {
            Log.TidyingFailed(_options.Logger, failure);
        }
    }

    /// <summary>Forgets what its time is over for.</summary>
    private async Task ForgetAsync()
    {
        await Uploads.ForgetCompletedAsync();
        AsideFolder.RemoveOld(_folders, _disk, Now);
    }

    /// <summary>The same while the store runs, behind whatever is tidied.</summary>
    private void Forget()
    {
        lock (_closing)
        {
            if (!_closing.IsCancellationRequested && _tidying.IsCompleted)
            {
                _tidying = Task.Run(async () =>
                {
                    try
                    {
                        await ForgetAsync();
                    }
                    catch (Exception failure)
                    {
                        Log.TidyingFailed(_options.Logger, failure);
                    }
                });
            }
        }
    }
}
