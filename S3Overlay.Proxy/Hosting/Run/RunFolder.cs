using S3Overlay.Proxy.Hosting.Run.SharedCache;

namespace S3Overlay.Proxy.Hosting.Run;

/// <summary>A run's folder in the system's temporary folder: its changes, unless they are kept elsewhere. Removed at its end.</summary>
internal sealed class RunFolder : IDisposable
{
    private const string Prefix = "s3overlay-run-";

    private readonly string _path;
    private readonly FileStream _lock;

    private RunFolder(string path, FileStream owner) => (_path, _lock) = (path, owner);

    /// <summary>The changes.</summary>
    public string Data => Path.Combine(_path, "data");

    /// <summary>An empty file.</summary>
    public string ConfigFile => Path.Combine(_path, "config");

    /// <summary>An empty file.</summary>
    public string CredentialsFile => Path.Combine(_path, "credentials");

    /// <summary>Creates a folder that only this user may read.</summary>
    /// <exception cref="RunException">It cannot be created.</exception>
    public static RunFolder Create()
    {
        try
        {
            RunFolder? folder;
            while ((folder = TryCreate()) is null)
            {
                // A run that ended took it for left behind, in the instant before it was locked.
            }

            return folder;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new RunException(RunExitCodes.NotStarted, $"{Path.GetTempPath()} cannot be used: {failure.Message}", failure);
        }
    }

    /// <summary>Creates one; null if another run removed it before it was locked. Afterwards, none does.</summary>
    private static RunFolder? TryCreate()
    {
        var path = Directory.CreateTempSubdirectory(Prefix).FullName;
        FileStream? owner = null;
        try
        {
            owner = FileLock.TryTake(LockOf(path));
            if (owner is null)
            {
                return null;
            }

            var folder = new RunFolder(path, owner);
            File.WriteAllBytes(folder.ConfigFile, []);
            File.WriteAllBytes(folder.CredentialsFile, []);
            return folder;
        }
        catch (DirectoryNotFoundException) when (!Directory.Exists(path))
        {
            owner?.Dispose();
            return null;
        }
    }

    /// <summary>Removes it, and those of runs that were killed.</summary>
    public void Dispose()
    {
        Remove(_path);
        _lock.Dispose();
        foreach (var other in Directory.GetDirectories(Path.GetTempPath(), Prefix + "*").Where(IsOurs))
        {
            try
            {
                // Without its lock, a folder is just being created.
                using var free = File.Exists(LockOf(other)) ? FileLock.TryTake(LockOf(other)) : null;
                if (free is not null)
                {
                    Remove(other);
                }
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                // Removed by another run.
            }
        }
    }

    /// <summary>
    /// True for a folder that only this user can have made and filled. In a temporary folder that users share, others choose names too,
    /// and a link of theirs could lead anywhere.
    /// </summary>
    private static bool IsOurs(string path) => OperatingSystem.IsWindows() || UnixProcess.OwnsPrivateFolder(path);

    private static void Remove(string path)
    {
        try
        {
            Directory.Delete(path, recursive: true);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // A process that the command left behind may have a file open (Windows). The next run tries again.
        }
    }

    private static string LockOf(string path) => Path.Combine(path, "lock");
}
