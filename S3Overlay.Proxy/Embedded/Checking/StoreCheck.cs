using S3Overlay.Proxy.Embedded.Database;
using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Embedded.Objects;
using S3Overlay.Proxy.Embedded.Rebuild;
using S3Overlay.Proxy.Embedded.Rows;

namespace S3Overlay.Proxy.Embedded.Checking;

/// <summary>
/// Compares the database, the log and the object files of a store that no process uses. Without <see cref="CheckOptions.MustRepair"/> it
/// changes only what the next start would: the database gets the changes that the log has after its last one.
/// </summary>
public sealed class StoreCheck
{
    private const int ProgressEvery = 100_000;
    private const int BlocksAtOnce = 16;

    private readonly EmbeddedOptions _options;
    private readonly CheckOptions _what;
    private readonly Action<long> _progress;
    private readonly CheckReport _report = new();
    private readonly StoreFolders _folders;
    private readonly StoreDisk _disk;

    /// <summary>Files that rows name.</summary>
    private readonly HashSet<FileId> _known = [];
    private long _looked;

    private StoreCheck(EmbeddedOptions options, CheckOptions what, Action<long> progress)
    {
        (_options, _what, _progress) = (options, what, progress);
        _folders = new StoreFolders(options.Folder);
        _disk = options.Disk ?? new StoreDisk(options.IsDurable);
    }

    /// <summary>Checks a data folder.</summary>
    /// <param name="options">The store's options.</param>
    /// <param name="what">What to look at and to repair.</param>
    /// <param name="progress">Gets the number of objects looked at, from time to time.</param>
    /// <param name="cancellationToken">Ends the check. What it has repaired stays.</param>
    /// <exception cref="StoreUnavailableException">The folder is missing, in use by another process, or not a store of this version.
    /// </exception>
    public static async Task<CheckReport> RunAsync(EmbeddedOptions options, CheckOptions what, Action<long> progress,
        CancellationToken cancellationToken)
    {
        var check = new StoreCheck(options, what, progress);
        if (!File.Exists(check._folders.Format))
        {
            throw new StoreUnavailableException($"{check._folders.Root} is not a data folder: it has no FORMAT file. "
                + "Set S3_OVERLAY_DATA_DIR to the folder of the store.");
        }

        if (FormatFile.RequireKnown(check._folders) != FormatFile.Version)
        {
            throw new StoreUnavailableException($"The data folder {check._folders.Root} was made by an older version. "
                + "Start the proxy once: it converts the folder.");
        }

        using var owner = check._folders.TakeLock();
        await check.RunAsync(cancellationToken);
        return check._report;
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        _folders.Create();
        var opening = new StoreOpening(_folders, _disk, new DirtyFlag(), _options);
        var log = opening.CheckLog(_what.MustRepair, (what, isRepaired) => _report.Add(what, isRepaired: isRepaired));
        if (await opening.TryOpenAsync(Problem) is not { } rows)
        {
            if (!_what.MustRepair)
            {
                return;
            }

            await File.WriteAllBytesAsync(_folders.RebuildMark, [], cancellationToken);
            rows = await opening.OpenAsync(FormatFile.Version, wasClean: false, cancellationToken);
            _report.Did("The database was rebuilt from the object files and the log.");
        }

        await using (rows)
        {
            await CheckRowsAsync(rows, cancellationToken);
            CheckFiles();
            var lost = new LostFiles(_folders, _disk, rows, log, _what, _report);
            await lost.TakeBackAsync();
            _report.Lost = await lost.ListAsync();
        }

        if (_what.MustEmptyLost && _report.Lost.Count > 0)
        {
            _report.Did($"{new LostFolder(_folders, _disk).Empty()} files in lost/ were deleted.");
            _report.Lost = [];
        }

        void Problem(string what) => _report.Add(what, isRepaired: _what.MustRepair);
    }

    private async Task CheckRowsAsync(StoreRows rows, CancellationToken cancellationToken)
    {
        _report.Tombstones = rows.Tombstones;
        foreach (var (bucket, key, row) in rows.WalkObjects().Concat(rows.WalkVersions()))
        {
            cancellationToken.ThrowIfCancellationRequested();
            _report.Objects++;
            _report.Bytes += row.Info.Size;
            _known.Add(row.File);
            await CheckObjectAsync(bucket, key, row, cancellationToken);
            if (++_looked % ProgressEvery == 0)
            {
                _progress(_looked);
            }
        }

        foreach (var upload in rows.ListUploads())
        {
            _report.Uploads++;
            foreach (var part in await rows.ListPartsAsync(upload.UploadId, 0, int.MaxValue))
            {
                _known.Add(part.File);
                await CheckFileAsync(part.File, upload.Bucket, upload.Key, part.Sequence, part.Info.Size, cancellationToken);
            }
        }

        _known.UnionWith(rows.ListRemovals().Select(static removal => removal.File));
    }

    private async Task CheckObjectAsync(string bucket, string key, ObjectRow row, CancellationToken cancellationToken)
    {
        var size = row.PartCount > 0 ? 0 : row.Info.Size;
        if (await CheckFileAsync(row.File, bucket, key, row.Sequence, size, cancellationToken) is not { Parts: { Count: > 0 } parts })
        {
            return;
        }

        foreach (var part in parts)
        {
            _known.Add(part.File);
            await CheckFileAsync(part.File, bucket, key, null, part.Size, cancellationToken);
        }

        if (parts.Sum(static part => part.Size) != row.Info.Size)
        {
            _report.Add("The sizes of the parts do not add up to the object's.", bucket, key);
        }
    }

    /// <returns>The file's header; null if it is unreadable, which is reported.</returns>
    private async Task<FileHeader?> CheckFileAsync(FileId id, string bucket, string key, ulong? sequence, long size,
        CancellationToken cancellationToken)
    {
        try
        {
            var header = FileHeader.ReadFrom(_folders.PathOf(id));
            if (header.Bucket != bucket || header.Key != key || (sequence is { } number && header.Sequence != number))
            {
                _report.Add($"The file {id} is of another object or version.", bucket, key);
            }

            using var file = OpenFile.Open(_folders, id);
            if (file.Length != size || new FileInfo(_folders.PathOf(id)).Length < size)
            {
                _report.Add($"The file {id} has another size than its object.", bucket, key);
            }
            else if (_what.IsDeep)
            {
                await ReadAllAsync(file, cancellationToken);
            }

            return header;
        }
        catch (Exception failure) when (failure is FileNotFoundException or DirectoryNotFoundException)
        {
            _report.Add($"The file {id} is missing. Restore it from a backup, or delete the object.", bucket, key);
        }
        catch (Exception failure) when (failure is IOException or InvalidDataException)
        {
            _report.Add($"The file {id} is damaged: {failure.Message} Restore it from a backup, or delete the object.", bucket, key);
        }

        return null;
    }

    private static async Task ReadAllAsync(OpenFile file, CancellationToken cancellationToken)
    {
        await file.CheckTableAsync(cancellationToken);
        var buffer = System.Buffers.ArrayPool<byte>.Shared.Rent(BlocksAtOnce * BlockChecksums.BlockSize);
        try
        {
            for (var position = 0L; position < file.Length;)
            {
                var some = (int)Math.Min(file.Length - position, BlocksAtOnce * BlockChecksums.BlockSize);
                await file.ReadStoredAsync(position, buffer.AsMemory(0, some), cancellationToken);
                position += some;
            }
        }
        finally
        {
            System.Buffers.ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Looks for files that no row names, and for what a killed process left.</summary>
    private void CheckFiles()
    {
        var lost = new LostFolder(_folders, _disk);
        foreach (var path in Directory.EnumerateDirectories(_folders.Objects).SelectMany(Directory.EnumerateFiles))
        {
            if (!FileId.TryParse(Path.GetFileName(path), out var id) || _known.Contains(id))
            {
                continue;
            }

            var header = StoredFiles.TryReadHeader(path);
            var isRepaired = _what.MustRepair && lost.TryTake(id);
            _report.Add($"The file {id} belongs to nothing{(isRepaired ? " and was moved to lost/" : "")}.", header?.Bucket, header?.Key,
                isRepaired);
        }

        var leftovers = Directory.GetFiles(_folders.Incoming);
        if (leftovers.Length > 0 && _what.MustRepair)
        {
            Array.ForEach(leftovers, leftover => _disk.Delete(leftover));
            _report.Did($"{leftovers.Length} files in incoming/ were deleted: they were never acknowledged.");
        }
    }
}
