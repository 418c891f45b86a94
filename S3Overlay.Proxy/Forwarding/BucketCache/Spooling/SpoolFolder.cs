using Microsoft.Win32.SafeHandles;

using S3Overlay.Proxy.Overlay.Layers;

namespace S3Overlay.Proxy.Forwarding.BucketCache.Spooling;

/// <summary>Keeps fills' bytes until the store has them, within a limit. Open files have no name, so a crash leaves nothing.</summary>
internal sealed class SpoolFolder(string directory, long maxBytes)
{
    private readonly SpoolQuota _room = new(maxBytes);
    private long _refused;

    /// <summary>Bytes set aside for files that are open now.</summary>
    public long Used => _room.Used;

    /// <summary>Whether more than half of the room is taken.</summary>
    public bool IsHalfTaken => _room.Used > _room.MaxBytes / 2;

    /// <summary>How often there was no room.</summary>
    public long Refused => Volatile.Read(ref _refused);

    /// <summary>Opens an empty file with room for so many bytes.</summary>
    /// <exception cref="CacheFullException">The spool is full.</exception>
    /// <exception cref="IOException">It cannot be made.</exception>
    public SpoolFile Open(long bytes)
    {
        if (!_room.TryTake(bytes))
        {
            Interlocked.Increment(ref _refused);
            throw new CacheFullException("There is no room left in the spool.");
        }

        try
        {
            return new SpoolFile(Make(directory), () => _room.GiveBack(bytes));
        }
        catch (UnauthorizedAccessException failure)
        {
            _room.GiveBack(bytes);
            throw new IOException(failure.Message, failure);
        }
        catch
        {
            _room.GiveBack(bytes);
            throw;
        }
    }

    /// <summary>Opens an empty file that is gone with its handle, and with the process, however that ends.</summary>
    public static SafeFileHandle Make(string directory)
    {
        Directory.CreateDirectory(directory);
        var path = Path.Combine(directory, $"s3overlay-{Guid.NewGuid():n}.spool");
        if (OperatingSystem.IsWindows())
        {
            return File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Delete,
                FileOptions.Asynchronous | FileOptions.RandomAccess | FileOptions.DeleteOnClose);
        }

        var handle = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete,
            FileOptions.Asynchronous | FileOptions.RandomAccess);
        File.Delete(path);
        return handle;
    }
}

/// <summary>An open, nameless file with its reserved space.</summary>
internal sealed class SpoolFile(SafeFileHandle handle, Action giveBack) : IDisposable
{
    private int _disposed;

    /// <summary>The file.</summary>
    public SafeFileHandle Handle => handle;

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            handle.Dispose();
            giveBack();
        }
    }
}
