using S3Overlay.Proxy.Embedded.Index;

namespace S3Overlay.Proxy.Embedded.Files;

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
