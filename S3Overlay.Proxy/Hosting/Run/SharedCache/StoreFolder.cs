using System.Globalization;

namespace S3Overlay.Proxy.Hosting.Run.SharedCache;

/// <summary>The folder of one remote's cache, locked by the one proxy that uses it.</summary>
/// <param name="path">The folder.</param>
/// <param name="owner">The lock.</param>
internal sealed class StoreFolder(string path, FileStream owner) : IDisposable
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>How long to wait for a proxy that is about to end.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    public string Path => path;

    /// <summary>Whether another proxy waits for the folder.</summary>
    public bool IsWanted => File.Exists(Wanted(path));

    /// <summary>
    /// Takes a folder with this name. If a proxy with other settings has it and serves, takes another one: that cache begins empty.
    /// </summary>
    public static async Task<StoreFolder> TakeAsync(string stores, string name)
    {
        for (var number = 1; ; number++)
        {
            var path = System.IO.Path.Combine(stores, number == 1 ? name : string.Create(CultureInfo.InvariantCulture, $"{name}-{number}"));
            Create(path);
            if (FileLock.TryTake(Lock(path)) is { } free)
            {
                return Taken(path, free);
            }

            if (number == 1)
            {
                // A proxy without users ends at once if another one waits.
                Want(path);
                if (await FileLock.WaitAsync(Lock(path), isShared: false, Patience, CancellationToken.None) is { } released)
                {
                    return Taken(path, released);
                }
            }
        }
    }

    /// <summary>Asks the proxy that has the folder to end once it has no users.</summary>
    public static void Want(string path) => File.WriteAllText(Wanted(path), "");

    /// <summary>Empties the folder, whose content cannot be used. It is only a cache.</summary>
    public void Clear() => Directory.Delete(Data(path), recursive: true);

    /// <summary>The proxy's data in a folder.</summary>
    public static string Data(string path) => System.IO.Path.Combine(path, "data");

    /// <summary>Locked by the proxy that uses the folder.</summary>
    public static string Lock(string path) => System.IO.Path.Combine(path, "lock");

    /// <summary>Records that the folder is in use. Its size is known later.</summary>
    public void NoteUse()
    {
        if (File.Exists(Used(path)))
        {
            File.SetLastWriteTimeUtc(Used(path), DateTime.UtcNow);
        }
        else
        {
            NoteUse(0);
        }
    }

    /// <summary>Records the size for <see cref="Trim"/> of other proxies, and that the folder is in use.</summary>
    public void NoteUse(long bytes) => File.WriteAllText(Used(path), bytes.ToString(CultureInfo.InvariantCulture));

    /// <summary>
    /// Deletes folders that no proxy uses, the least recently used first, until all together are within the limit. Those that the system
    /// refuses to delete stay.
    /// </summary>
    /// <param name="own">The bytes of this one.</param>
    /// <param name="limit">The most bytes of all.</param>
    public void Trim(long own, long limit)
    {
        Try(() => NoteUse(own));
        string[] all = [];
        Try(() => all = Directory.GetDirectories(System.IO.Path.GetDirectoryName(path)!));
        var others = all.Where(other => other != path).Select(UseOf)
            .OrderBy(static other => other.At).ToList();
        var total = own + others.Sum(static other => other.Bytes);
        foreach (var other in others)
        {
            if (total <= limit)
            {
                return;
            }

            Try(() =>
            {
                using var free = FileLock.TryTake(Lock(other.Path));
                if (free is not null)
                {
                    Directory.Delete(other.Path, recursive: true);
                    total -= other.Bytes;
                }
            });
        }
    }

    /// <inheritdoc/>
    public void Dispose() => owner.Dispose();

    private static void Create(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else
        {
            Directory.CreateDirectory(path, Private);
        }
    }

    private static StoreFolder Taken(string path, FileStream owner)
    {
        File.Delete(Wanted(path));
        return new StoreFolder(path, owner);
    }

    /// <summary>What is known of a folder; nothing if it is another user's.</summary>
    private static (string Path, long Bytes, DateTime At) UseOf(string path)
    {
        var (bytes, at) = (0L, DateTime.MaxValue);
        Try(() =>
        {
            at = File.GetLastWriteTimeUtc(Used(path));
            if (File.Exists(Used(path)))
            {
                _ = long.TryParse(File.ReadAllText(Used(path)), NumberStyles.None, CultureInfo.InvariantCulture, out bytes);
            }
        });
        return (path, bytes, at);
    }

    private static void Try(Action action)
    {
        try
        {
            action();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // A full disk, or a file of another user: no reason to end a cache that is in use.
        }
    }

    private static string Wanted(string path) => System.IO.Path.Combine(path, "wanted");

    private static string Used(string path) => System.IO.Path.Combine(path, "used");
}
