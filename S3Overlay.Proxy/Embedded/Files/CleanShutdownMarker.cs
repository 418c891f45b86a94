using S3Overlay.Proxy.Embedded.Index;

namespace S3Overlay.Proxy.Embedded.Files;

/// <summary>The file that says the last process shut down cleanly, so no file can exist that no row names.</summary>
internal static class CleanShutdownMarker
{
    /// <summary>Removes the marker durably, before anything is written.</summary>
    /// <returns>True if it existed.</returns>
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

    /// <summary>Writes the marker, after everything else.</summary>
    public static void Leave(StoreFolders folders, StoreDisk disk)
    {
        try
        {
            using var file = File.OpenHandle(folders.Clean, FileMode.Create, FileAccess.Write);
            disk.Sync(file);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // A full disk: the next start looks for orphans, which only costs time.
        }
    }
}

/// <summary>
/// Set when the disk failed to undo or remove something. Then no <c>CLEAN</c> is written, and the next start, which checks everything,
/// finishes it.
/// </summary>
internal sealed class DirtyFlag
{
    private volatile bool _areThere;

    public bool AreThere => _areThere;

    public void Note() => _areThere = true;
}
