using S3Overlay.Proxy.Embedded.Buckets;
using S3Overlay.Proxy.Embedded.Encryption;
using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Embedded.Objects;
using S3Overlay.Proxy.Embedded.Rebuild;
using S3Overlay.Proxy.Embedded.Rows;
using S3Overlay.Proxy.Embedded.Uploads;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Access;
using S3Overlay.Proxy.Protocol.Listings;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Embedded;

/// <summary>
/// The built-in store: self-describing object files, a log of all changes, and a database that can be rebuilt from both.
/// docs/storage-format.md describes what is where, and in which order it is written.
/// </summary>
public sealed class EmbeddedStore : IAsyncDisposable
{
    /// <summary>Interval between removals of old completed uploads.</summary>
    private static readonly TimeSpan ForgettingPause = TimeSpan.FromHours(1);

    private readonly EmbeddedOptions _options;
    private readonly FileStream _lock;
    private readonly StoreFolders _folders;
    private readonly StoreDisk _disk;
    private readonly SequenceCounter _sequences;
    private readonly DiskReserve _reserve;
    private readonly CancellationTokenSource _closing = new();
    private Task _tidying = Task.CompletedTask;
    private ITimer _forgetting = null!;

    private EmbeddedStore(EmbeddedOptions options, FileStream owner, StoreFolders folders, StoreDisk disk, StoreRows rows,
        SequenceCounter sequences, DiskReserve reserve, ObjectFiles files, BucketTable buckets, ObjectTable objects,
        TombstoneTable tombstones, UploadTable uploads, LogUpkeep upkeep)
    {
        (_options, _lock, _folders, _disk, _sequences, _reserve) = (options, owner, folders, disk, sequences, reserve);
        (Rows, Files, Buckets, Objects, Tombstones, Uploads, Upkeep) = (rows, files, buckets, objects, tombstones, uploads, upkeep);
    }

    internal StoreRows Rows { get; }

    internal ObjectFiles Files { get; }

    internal BucketTable Buckets { get; }

    internal ObjectTable Objects { get; }

    internal TombstoneTable Tombstones { get; }

    internal UploadTable Uploads { get; }

    /// <summary>Which buckets may get the logs of a bucket.</summary>
    internal LogTargets LogTargets => field ??= new(Buckets, Accounts, _options.AccountId);

    internal string Region => _options.Region;

    internal ServerKeys Keys => _options.Keys;

    internal bool MayTakePlainKeys => _options.MayTakePlainKeys;

    internal IAccounts Accounts => _options.Accounts;

    internal bool NewBucketsHaveAcls => _options.NewBucketsHaveAcls;

    internal long MinPartSize => _options.MinPartSize;

    internal TimeProvider Time => _options.Time;

    internal ILogger Logger => _options.Logger;

    internal DateTimeOffset Now => _options.Time.GetUtcNow();

    /// <summary>Called after a bucket got a configuration.</summary>
    internal Action ConfigurationChanged { get; set; } = static () => { };

    /// <summary>Background work after opening; for tests.</summary>
    internal Task Tidying => _tidying;

    /// <summary>Number of object files that no row names, kept in <c>lost/</c>.</summary>
    public long LostFiles => new LostFolder(_folders, _disk).List().LongCount();

    /// <summary>Keeps the log short; for tests.</summary>
    internal LogUpkeep Upkeep { get; }

    /// <summary>Opens a data folder. Creates it if missing, and builds a missing or damaged database.</summary>
    /// <exception cref="StoreUnavailableException">The folder is in use by another process, has another version, holds foreign data, or
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
                $"The data folder {folders.Root} cannot be used: {failure.Message} "
                + "Set S3_OVERLAY_DATA_DIR to a folder for this proxy alone.", failure);
        }

        var owner = folders.TakeLock();
        StoreRows? rows = null;
        try
        {
            var version = FormatFile.Check(folders, disk);
            if (folders.Create())
            {
                await disk.SyncFolderAsync(folders.Objects);
                await disk.SyncFolderAsync(folders.Root);
            }

            var (time, logger) = (options.Time, options.Logger);
            var wasClean = TakeCleanMarker(folders, disk);
            var dirty = new DirtyFlag();
            rows = await new StoreOpening(folders, disk, dirty, options).OpenAsync(version, wasClean, cancellationToken);
            var sequences = SequenceCounter.Open(folders, disk, rows.HighestSequence, logger);
            var reserve = new DiskReserve(folders, disk) { Shrink = rows.TryShrinkAsync };
            reserve.TryKeep();
            var files = new ObjectFiles(folders, disk, dirty, reserve, options.Hot, logger) { Removed = rows.ForgetRemoval };
            var buckets = new BucketTable(rows, sequences);
            var objects = new ObjectTable(
                folders, disk, dirty, reserve, rows, sequences, buckets, files, followsCrash: !wasClean, time, logger);
            var tombstones = new TombstoneTable(rows, sequences, objects, reserve, time);
            var uploads = new UploadTable(reserve, rows, sequences, buckets, objects, files, time);
            var upkeep = new LogUpkeep(rows, objects, folders, disk, options.LogSegmentSize, logger);
            rows.Logged = upkeep.Logged;
            rows.Rebuilt = () => buckets.Reload(rows);
            var store = new EmbeddedStore(
                options, owner, folders, disk, rows, sequences, reserve, files, buckets, objects, tombstones, uploads, upkeep);
            store.Start();
            return store;
        }
        catch
        {
            await (rows?.DisposeAsync() ?? default);
            owner.Dispose();
            throw;
        }
    }

    /// <summary>Checks a folder as opening would. Changes and opens nothing: another process may be using it.</summary>
    /// <exception cref="StoreUnavailableException">It has another version or holds foreign data.</exception>
    public static void RequireOwn(string folder)
    {
        var folders = new StoreFolders(folder);
        ForeignFolder.Refuse(folders);
        FormatFile.RequireKnown(folders);
    }

    /// <summary>Checks that the data folder is still there and readable.</summary>
    /// <exception cref="StoreUnavailableException">It now belongs to another store.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public Task CheckAsync() => Task.Run(() =>
    {
        if (!File.Exists(_folders.Format))
        {
            throw new IOException($"The data folder {_folders.Root} is gone.");
        }

        FormatFile.Check(_folders, _disk);
    });

    /// <summary>A bucket's written objects for a listing.</summary>
    public IListingSource ListWritten(string bucket, ListingQuery query) => new WrittenRows(Rows, bucket, query);

    /// <summary>The account with an id, even if no key has it any more.</summary>
    internal Account AccountOf(string? id) => id is null ? Account.Default : Accounts.Find(id) ?? new Account(id, "");

    /// <summary>The owner of a bucket.</summary>
    internal Account OwnerOf(string bucket) => AccountOf(Buckets.AccessOf(bucket)?.OwnerId);

    /// <summary>Shows a version's id, in buckets that have or had versioning.</summary>
    internal void ShowVersion(string bucket, ObjectRow row, S3Response response, string header = "x-amz-version-id")
    {
        if (row.VersionId is not null || Buckets.VersioningOf(bucket) != Versioning.Never)
        {
            response.Headers[header] = row.VersionId ?? VersionIds.Null;
        }
    }

    /// <summary>Shows the id of a version that was written. S3 shows none while versioning is suspended.</summary>
    internal static void ShowWritten(string? versionId, S3Response response)
    {
        if (versionId is not null)
        {
            response.Headers["x-amz-version-id"] = versionId;
        }
    }

    /// <summary>Shows when the bucket's lifecycle removes an object, if it does.</summary>
    internal void ShowExpiry(string bucket, string key, ObjectInfo info, string? tags, S3Response response) =>
        Buckets.Find(bucket)?.Lifecycle?.Show(key, info.Size, tags, info.LastModified, response);

    /// <summary>Deletes a bucket with its open uploads.</summary>
    internal async Task DeleteBucketAsync(string bucket, bool isOpaque, CancellationToken cancellationToken)
    {
        // Uploads are listed while none can be created, and aborted after the bucket is gone: an upload that is being completed waits for
        // the bucket, and aborting it waits for the completion.
        List<UploadRecord> open = [];
        await _reserve.UseAsync(() => Buckets.DeleteAsync(
            bucket, isOpaque, async () => open = await Uploads.OfAsync(bucket), cancellationToken));
        await Uploads.AbortAllAsync(open);
    }

    /// <summary>Ends background work, closes all files and releases the folder.</summary>
    public async ValueTask DisposeAsync()
    {
        await _forgetting.DisposeAsync();
        await _closing.CancelAsync();
        await _tidying.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Upkeep.DisposeAsync();
        await Files.DisposeAsync();
        await Rows.DisposeAsync();
        await Objects.RemoveRefusedAsync();
        if (!Objects.MayHaveOrphans && !Rows.IsInDoubt)
        {
            LeaveCleanMarker();
        }

        _sequences.Dispose();
        _closing.Dispose();
        _lock.Dispose();
    }

    /// <summary>
    /// Durably removes the file that says that the last process shut down cleanly. If it existed, a row names every file. Called before
    /// anything is written.
    /// </summary>
    /// <returns>True if it existed.</returns>
    private static bool TakeCleanMarker(StoreFolders folders, StoreDisk disk)
    {
        if (!File.Exists(folders.Clean))
        {
            return false;
        }

        disk.Remove(folders.Clean);
        disk.SyncFolder(folders.Root);
        return true;
    }

    /// <summary>Writes that file, after everything else.</summary>
    private void LeaveCleanMarker()
    {
        try
        {
            using var file = _disk.Open(_folders.Clean);
            _disk.Sync(file);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // A full disk: the next start looks for orphans, which only costs time.
        }
    }

    private void Start()
    {
        // These files were being written when the last process ended, and belong to no object. Listed now: new files must not be among
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

            await Uploads.AbortStrayAsync();
            foreach (var removal in Rows.ListRemovals())
            {
                Files.Remove(removal.File, removal.IsManifest);
            }

            await Files.DrainAsync();

            await ForgetAsync();
            if (Objects.FollowsCrash)
            {
                await ReadRowsAsync();

                // What cannot be removed is found again at the next start.
                Objects.FollowsCrash = !await OrphanSweep.RunAsync(_folders, _disk, Rows, Uploads, _sequences.AtOpening,
                    _options.Logger, _closing.Token);
            }

            await Upkeep.BeginAsync(Rows.IsAheadOfLog);
        }
        catch (OperationCanceledException)
        {
        }
        catch (Exception failure)
        {
            Log.TidyingFailed(_options.Logger, failure);
        }
    }

    /// <summary>Reads all rows once, so that damage is found now and not by a client later.</summary>
    private async Task ReadRowsAsync()
    {
        try
        {
            foreach (var _ in Rows.WalkObjects().Concat(Rows.WalkVersions()))
            {
                _closing.Token.ThrowIfCancellationRequested();
            }

            foreach (var _ in Rows.NotInFiles())
            {
                _closing.Token.ThrowIfCancellationRequested();
            }
        }
        catch (S3Exception busy) when (busy.Error == S3Errors.ServiceUnavailable)
        {
            await Rows.Rebuilding;
        }
    }

    private Task ForgetAsync() => Uploads.ForgetCompletedAsync();

    /// <summary>Repeats this while the store runs, after the clean-up.</summary>
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
