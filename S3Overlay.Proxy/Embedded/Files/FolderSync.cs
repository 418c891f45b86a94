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

/// <summary>Syncs folders. Callers during a sync share the next one, which covers all renames made before it starts.</summary>
internal sealed class SharedFolderSync
{
    private readonly Dictionary<string, (Task Running, Task? Next)> _folders = new(StringComparer.Ordinal);

    /// <summary>Returns once every name created in the folder before this call is on disk.</summary>
    public Task SyncAsync(string folder)
    {
        // Windows journals names itself, and has no call for this.
        if (OperatingSystem.IsWindows())
        {
            return Task.CompletedTask;
        }

        lock (_folders)
        {
            if (!_folders.TryGetValue(folder, out var state))
            {
                var running = Task.Run(() => FolderSync.Sync(folder));
                _folders.Add(folder, (running, null));
                _ = FinishAsync(folder, running);
                return running;
            }

            if (state.Next is null)
            {
                state.Next = AfterAsync(folder, state.Running);
                _folders[folder] = state;
            }

            return state.Next;
        }
    }

    private static async Task AfterAsync(string folder, Task running)
    {
        await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ForceYielding);
        await Task.Run(() => FolderSync.Sync(folder));
    }

    private async Task FinishAsync(string folder, Task running)
    {
        while (true)
        {
            await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ForceYielding);
            lock (_folders)
            {
                if (_folders[folder].Next is not { } next)
                {
                    _folders.Remove(folder);
                    return;
                }

                _folders[folder] = (next, null);
                running = next;
            }
        }
    }
}
