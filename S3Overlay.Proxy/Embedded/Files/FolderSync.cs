using System.Runtime.InteropServices;

namespace S3Overlay.Proxy.Embedded.Files;

/// <summary>
/// Syncs a folder: a file that was created or renamed is only sure to be found after a power cut once its folder was synced.
/// </summary>
public static partial class FolderSync
{
    private const int ReadOnly = 0;

    /// <summary>Syncs the folder. No-op on Windows, which journals folder entries itself and has no such call.</summary>
    public static void Sync(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        var descriptor = Open(folder, ReadOnly);
        if (descriptor < 0)
        {
            var error = Marshal.GetLastPInvokeError();
            throw new IOException($"The folder '{folder}' could not be opened to be synced (error {error}).", error);
        }

        var failed = Fsync(descriptor) != 0 ? Marshal.GetLastPInvokeError() : 0;
        _ = Close(descriptor);
        if (failed != 0)
        {
            throw new IOException($"The folder '{folder}' could not be synced (error {failed}).", failed);
        }
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Fsync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int descriptor);
}
