using System.Runtime.InteropServices;

namespace S3Overlay.Proxy.Hosting.Run.SharedCache;

/// <summary>Locks between processes. The system releases them however a process ends.</summary>
internal static partial class FileLock
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(5);

    /// <summary>What the system reports for a file that another process has locked: EAGAIN of Linux and of BSD, and Windows's.</summary>
    private static readonly int[] InUse = [11, 35, unchecked((int)0x80070020)];

    /// <summary>Locks a file, and creates it if missing. Null if another process has a lock that excludes this one.</summary>
    /// <param name="path">The file.</param>
    /// <param name="isShared">Whether others may have a shared lock at the same time.</param>
    public static FileStream? TryTake(string path, bool isShared = false)
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.OpenOrCreate,
            Access = isShared ? FileAccess.Read : FileAccess.ReadWrite,
            Share = isShared ? FileShare.Read : FileShare.None,
            BufferSize = 0,
        };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = Private;
        }

        try
        {
            return new FileStream(path, options);
        }
        catch (IOException failure) when (InUse.Contains(failure.HResult))
        {
            return null;
        }
    }

    /// <summary>Waits for a lock.</summary>
    /// <returns>The lock; null if the time is over.</returns>
    public static async Task<FileStream?> WaitAsync(string path, bool isShared, TimeSpan limit, CancellationToken cancellationToken)
    {
        for (var waited = System.Diagnostics.Stopwatch.StartNew(); ; await Task.Delay(Pause, cancellationToken))
        {
            var taken = TryTake(path, isShared);
            if (taken is not null || waited.Elapsed >= limit)
            {
                return taken;
            }
        }
    }

    /// <summary>Whether some process has the file locked.</summary>
    public static bool IsTaken(string path)
    {
        using var free = TryTake(path);
        return free is null;
    }

    /// <summary>Whether some process has a shared lock, and none an exclusive one.</summary>
    public static bool IsShared(string path)
    {
        if (!IsTaken(path))
        {
            return false;
        }

        using var together = TryTake(path, isShared: true);
        return together is not null;
    }

    /// <summary>Replaces a file that only this user may read.</summary>
    public static void WritePrivate(string path, ReadOnlySpan<byte> content)
    {
        var draft = path + ".new";
        File.Delete(draft);
        Write(draft, content);
        File.Move(draft, path, overwrite: true);
    }

    /// <summary>Reads a file that only this user may read, after creating it with this content if it is missing.</summary>
    public static byte[] ReadOrCreatePrivate(string path, ReadOnlySpan<byte> content)
    {
        if (!File.Exists(path))
        {
            // Complete before others see it.
            var draft = $"{path}.{Guid.NewGuid():n}";
            Write(draft, content);
            try
            {
                // File.Move looks whether the file is there, and then replaces it: two could have different ones.
                if (OperatingSystem.IsWindows() || (Link(draft, path) != 0 && !File.Exists(path)))
                {
                    File.Move(draft, path, overwrite: false);
                }
            }
            catch (IOException) when (File.Exists(path))
            {
                // Another process was faster.
            }

            File.Delete(draft);
        }

        return File.ReadAllBytes(path);
    }

    /// <remarks>https://man7.org/linux/man-pages/man2/link.2.html</remarks>
    [LibraryImport("libc", EntryPoint = "link", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Link(string file, string name);

    private static void Write(string path, ReadOnlySpan<byte> content)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = Private;
        }

        using var file = new FileStream(path, options);
        file.Write(content);
    }
}
