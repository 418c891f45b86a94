using Microsoft.Win32.SafeHandles;

using S3Overlay.Proxy.Overlay.Layers;

namespace S3Overlay.Proxy.Forwarding.BucketCache.Spooling;

/// <summary>Keeps fills' bytes until the store has them, within a limit. Open files have no name, so a crash leaves nothing.</summary>
/// <param name="directory">Where the files are.</param>
/// <param name="maxBytes">The limit.</param>
/// <param name="maxFiles">How many may be open: one for each whole entry on its way, and for each chunk of which blocks wait.</param>
internal sealed class SpoolFolder(string directory, long maxBytes, int maxFiles = int.MaxValue)
{
    private readonly SpoolQuota _room = new(maxBytes);
    private long _refused;
    private int _files;

    /// <summary>Bytes set aside for files that are open now.</summary>
    public long Used => _room.Used;

    /// <summary>Whether more than half of the room or of the files is taken.</summary>
    public bool IsHalfTaken => _room.Used > _room.MaxBytes / 2 || Volatile.Read(ref _files) > maxFiles / 2;

    /// <summary>Called whenever room was taken while more than half is: what waits in files should leave them.</summary>
    public Action? HalfTaken { get; set; }

    /// <summary>How often there was no room.</summary>
    public long Refused => Volatile.Read(ref _refused);

    /// <summary>Opens an empty file.</summary>
    /// <exception cref="CacheFullException">Too many are open.</exception>
    /// <exception cref="IOException">It cannot be made.</exception>
    public SpoolFile Open()
    {
        SafeFileHandle? handle = null;
        try
        {
            if (Interlocked.Increment(ref _files) > maxFiles)
            {
                throw Full();
            }

            handle = Make(directory);
            return new SpoolFile(handle, this);
        }
        catch (UnauthorizedAccessException failure)
        {
            throw new IOException(failure.Message, failure);
        }
        finally
        {
            if (handle is null)
            {
                Interlocked.Decrement(ref _files);
            }
        }
    }

    /// <summary>Takes room.</summary>
    /// <exception cref="CacheFullException">There is not as much.</exception>
    public void Take(long bytes)
    {
        var isTaken = _room.TryTake(bytes);
        if (isTaken && IsHalfTaken)
        {
            HalfTaken?.Invoke();
        }

        if (!isTaken)
        {
            throw Full();
        }
    }

    /// <summary>A file was closed: gives its room back.</summary>
    public void Closed(long bytes)
    {
        _room.GiveBack(bytes);
        Interlocked.Decrement(ref _files);
    }

    private CacheFullException Full()
    {
        Interlocked.Increment(ref _refused);
        HalfTaken?.Invoke();
        return new CacheFullException("There is no room left in the spool.");
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

/// <summary>An open, nameless file with its share of the room.</summary>
internal sealed class SpoolFile(SafeFileHandle handle, SpoolFolder folder) : IDisposable
{
    private long _taken;
    private int _disposed;

    /// <summary>The file.</summary>
    public SafeFileHandle Handle => handle;

    /// <summary>Takes room for so many bytes more.</summary>
    /// <exception cref="Overlay.Layers.CacheFullException">There is not as much.</exception>
    public void Grow(long bytes)
    {
        folder.Take(bytes);
        Interlocked.Add(ref _taken, bytes);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            handle.Dispose();
            folder.Closed(_taken);
        }
    }
}
