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

    /// <summary>Called whenever room was taken while more than half of it is: what waits in files should leave them.</summary>
    public Action? HalfTaken { get; set; }

    /// <summary>How often there was no room.</summary>
    public long Refused => Volatile.Read(ref _refused);

    /// <summary>Opens an empty file.</summary>
    /// <exception cref="IOException">It cannot be made.</exception>
    public SpoolFile Open()
    {
        try
        {
            return new SpoolFile(Make(directory), this);
        }
        catch (UnauthorizedAccessException failure)
        {
            throw new IOException(failure.Message, failure);
        }
    }

    /// <summary>Takes room.</summary>
    /// <exception cref="CacheFullException">There is not as much.</exception>
    public void Take(long bytes)
    {
        var isTaken = _room.TryTake(bytes);
        if (!isTaken || IsHalfTaken)
        {
            HalfTaken?.Invoke();
        }

        if (!isTaken)
        {
            Interlocked.Increment(ref _refused);
            throw new CacheFullException("There is no room left in the spool.");
        }
    }

    /// <summary>Gives room back.</summary>
    public void GiveBack(long bytes) => _room.GiveBack(bytes);

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
            folder.GiveBack(_taken);
        }
    }
}
