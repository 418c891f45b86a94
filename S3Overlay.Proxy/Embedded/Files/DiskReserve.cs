using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Embedded.Files;

/// <summary>
/// Reserves disk space for operations that free space: a delete must be written to the log before
/// anything is removed. A file holds the space; when a delete finds the disk full, the file is deleted and the delete retried. The space is
/// reserved again before anything else is written.
/// </summary>
internal sealed class DiskReserve(StoreFolders folders, StoreDisk disk)
{
    /// <summary>
    /// Enough for a thousand deletes of the longest keys, and to copy the database's write-ahead log to the database before it grows
    /// further.
    /// </summary>
    private const int Size = 8 << 20;

    private const int Piece = 256 << 10;

    /// <summary>Attempts per delete. Writes that find no space may take and release the rest all the time.</summary>
    private const int Attempts = 8;

    private readonly Lock _lock = new();
    private volatile bool _isKept;

    /// <summary>How often the reserve was released, in whole or in part.</summary>
    private int _givenUp;

    /// <summary>Frees space that other files can do without. True if there was any.</summary>
    public Func<ValueTask<bool>> Shrink { get; set; } = static () => new(false);

    /// <summary>Reserves the space, unless it is reserved already or the disk is too full.</summary>
    public void TryKeep()
    {
        try
        {
            Keep();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // The writer reports the error.
        }
    }

    /// <summary>Reserves the space before something is written.</summary>
    /// <exception cref="S3Exception">InsufficientStorage, InternalError: no space for the reserve, or none beside it.</exception>
    public ValueTask RequireAsync() => _isKept ? default : KeepApartAsync();

    /// <summary>Runs an operation that frees space, with the reserved space if there is no other.</summary>
    /// <param name="free">The operation. If a full disk refuses it, it has left nothing behind and is retried. Not if everything that waits
    /// for the database's disk finds no space: that is far more than is reserved.</param>
    public async Task UseAsync(Func<Task> free)
    {
        for (var attempt = 1; ; attempt++)
        {
            var givenUp = Volatile.Read(ref _givenUp);
            try
            {
                await free();
                return;
            }
            catch (S3Exception full) when (full.Error == S3Errors.InsufficientStorage && full.InnerException is not DatabaseBehindException)
            {
                // Another operation may have released the reserve, or failed to take it and so used up the space; then there is space for
                // this one too.
                if (attempt == Attempts || (!await Task.Run(TryGiveUp) && givenUp == Volatile.Read(ref _givenUp)))
                {
                    throw;
                }
            }
        }
    }

    /// <summary>Writes may block, so not on a request's thread.</summary>
    private async ValueTask KeepApartAsync()
    {
        try
        {
            await Task.Run(Keep);
        }
        catch (IOException failure)
        {
            if (!StoreDisk.IsFull(failure) || !await TryShrinkAsync())
            {
                throw StoreDisk.ToS3(failure);
            }

            await StoreDisk.GuardAsync(Task.Run(Keep));
        }
    }

    private async ValueTask<bool> TryShrinkAsync()
    {
        try
        {
            return await Shrink();
        }
        catch (IOException)
        {
            return false;
        }
    }

    private void Keep()
    {
        if (_isKept)
        {
            return;
        }

        lock (_lock)
        {
            if (_isKept || new FileInfo(folders.Reserve) is { Exists: true, Length: Size })
            {
                _isKept = true;
                return;
            }

            disk.Remove(folders.Reserve);
            while (disk.RoomOf(folders.Root) < Size)
            {
                // Frequent deletes or retried writes call this each time, so no write is tried without space.
                if (!disk.MakeRoom(Size))
                {
                    throw new IOException("There is not enough room on the disk.", StoreDisk.FullCode);
                }
            }

            try
            {
                // Random, since a file system may store zeros without space.
                using var file = disk.Create(folders.Reserve);
                var piece = new byte[Piece];
                for (var written = 0; written < Size; written += Piece)
                {
                    Random.Shared.NextBytes(piece);
                    disk.Write(file, piece, written);
                }

                disk.Sync(file);
            }
            catch
            {
                disk.Delete(folders.Reserve);
                _givenUp++;
                throw;
            }

            _isKept = true;
        }
    }

    private bool TryGiveUp()
    {
        lock (_lock)
        {
            if (!_isKept || !disk.Delete(folders.Reserve))
            {
                return false;
            }

            _isKept = false;
            _givenUp++;
            return true;
        }
    }
}

/// <summary>Too much waits in memory for the disk of the database, which still refuses it.</summary>
internal sealed class DatabaseBehindException : IOException
{
    /// <summary>Wraps the failure and keeps its error code.</summary>
    public DatabaseBehindException(Exception cause)
        : base(cause.Message, cause) => HResult = cause.HResult;
}
