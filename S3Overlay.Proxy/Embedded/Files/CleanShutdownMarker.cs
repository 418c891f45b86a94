using S3Overlay.Proxy.Embedded.Index;

namespace S3Overlay.Proxy.Embedded.Files;

/// <summary>The file that says the last process ended in order: no file can be left that nothing names.</summary>
internal static class CleanShutdownMarker
{
    /// <summary>Takes the mark away, for good, before anything is written.</summary>
    /// <returns>Whether it was there.</returns>
    public static bool Take(StoreFolders folders, StoreDisk disk)
    {
        if (!File.Exists(folders.Clean))
        {
            return false;
        }

        disk.Remove(folders.Clean);
        disk.SyncFolder(folders.Root);
        return true;
    }

    /// <summary>Leaves it, behind everything else.</summary>
    public static void Leave(StoreFolders folders, StoreDisk disk)
    {
        try
        {
            using var file = File.OpenHandle(folders.Clean, FileMode.Create, FileAccess.Write);
            disk.Sync(file);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // A full disk: then the next start looks for orphans, which costs it nothing but time.
        }
    }
}
