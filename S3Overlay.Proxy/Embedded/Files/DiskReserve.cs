using System.Security.Cryptography;

using S3Overlay.Proxy.Embedded.Index;
using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Embedded.Files;

/// <summary>
/// Room that is kept for whoever makes room: a delete has to be written down, in the log and perhaps in a journal of the index, before
/// anything is taken away. A file holds it; where a delete finds the disk full the file goes, and the delete is tried again. Before
/// anything else is written the room is kept again, so that the deletes after it find it too.
/// </summary>
internal sealed class DiskReserve(StoreFolders folders, StoreDisk disk)
{
    /// <summary>For a thousand deletes of the longest keys there are.</summary>
    private const int Size = 1 << 20;

    private const int Piece = 64 << 10;

    /// <summary>How often a delete is tried. Writes that find no room may take and give back what there is of it all the time.</summary>
    private const int Attempts = 8;

    private readonly Lock _lock = new();
    private volatile bool _isKept;

    /// <summary>How often it was given up, or what there was of it.</summary>
    private int _givenUp;

    /// <summary>Keeps the room, where it is not kept already and there is so much.</summary>
    public void TryKeep()
    {
        try
        {
            Keep();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // Whoever writes is told.
        }
    }

    /// <summary>Keeps the room before something is written.</summary>
    /// <exception cref="S3Exception">InsufficientStorage, InternalError: there is none, or none beside it.</exception>
    public ValueTask RequireAsync() => _isKept ? default : KeepApartAsync();

    /// <summary>Does what makes room, with the room that is kept where there is no other.</summary>
    /// <param name="free">Does it; what is refused by a full disk has left nothing behind, and is done again. Not where all that the index
    /// is behind by finds no room: that is far more than is kept.</param>
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
            catch (S3Exception full) when (full.Error == S3Errors.InsufficientStorage && full.InnerException is not IndexBehindException)
            {
                // Another may have given it up meanwhile, or tried to keep it in vain and so taken what room there was: then there is room
                // for this one too, or was.
                if (attempt == Attempts || (!await Task.Run(TryGiveUp) && givenUp == Volatile.Read(ref _givenUp)))
                {
                    throw;
                }
            }
        }
    }

    /// <summary>Writes may block, and whoever serves clients must not.</summary>
    private async ValueTask KeepApartAsync()
    {
        try
        {
            await Task.Run(Keep);
        }
        catch (IOException failure)
        {
            throw StoreDisk.ToS3(failure);
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
                // Whoever deletes much, or tries to write again and again, comes here each time: it is not written in vain.
                if (!disk.MakeRoom(Size))
                {
                    throw new IOException("There is not enough room on the disk.", StoreDisk.FullCode);
                }
            }

            try
            {
                // Chance, since a file system may have no room for zeros.
                using var file = disk.Create(folders.Reserve);
                for (var written = 0; written < Size; written += Piece)
                {
                    disk.Write(file, RandomNumberGenerator.GetBytes(Piece), written);
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
