using S3Overlay.Proxy.Hosting;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Model;

/// <summary>How the proxies of a scene start, end, and are killed.</summary>
internal sealed partial class ModelScene
{
    /// <summary>Ends the proxy and starts it again over what it has on disk.</summary>
    /// <param name="without">A folder of the built-in store that is deleted first. Empty for none.</param>
    /// <param name="room">How many disk steps succeed in a failing start before that one. Null if there is no failing
    /// start.</param>
    /// <param name="fault">How the disk fails then.</param>
    /// <param name="steps">Which of its steps fail.</param>
    /// <param name="between">Runs once the proxy has ended.</param>
    public Task RestartAsync(string without = "", int? room = null, DiskFault fault = DiskFault.Full, DiskSteps steps = DiskSteps.Write,
        Action? between = null) => _proxies.RestartAsync(async () =>
    {
        between?.Invoke();
        Forgotten();
        _folder.Remove(without);
        if (room is { } taken)
        {
            await StartOnFailingDiskAsync(taken, fault, steps);
        }
    });

    /// <summary>The store works again: waits until the proxy has probed it.</summary>
    public Task ProbeAsync() => _proxies.ProbeAsync();

    /// <summary>
    /// Starts a proxy on a disk that fails at once or soon, and ends it again. A failed start is no mismatch if it reports the reason.
    /// </summary>
    private async Task StartOnFailingDiskAsync(int room, DiskFault fault, DiskSteps steps)
    {
        var trouble = new DiskTrouble();
        trouble.Begin(fault, room, int.MaxValue, steps);
        try
        {
            await using var proxy = await OverlayHost.StartOnDiskAsync(
                new TroubledDisk(trouble), _remote.Endpoint, _clock, ModelSettings.Of(this, _folder.Data, _folder.Spool));
        }
        catch (StartupException)
        {
            // The next start finds everything unchanged.
        }
    }

    /// <summary>The proxy dies at a step that it takes toward its disk or store from now on.</summary>
    public void Arm(int step, bool isAfter) => _proxies.Reaper.Arm(step, isAfter, _store is null ? _folder.PutAside : static () => { });

    /// <summary>Kills it now unless it is dead, and restarts it with what it left.</summary>
    public Task KillAsync()
    {
        _proxies.Reaper.Kill();
        return _proxies.ReplaceAsync(() =>
        {
            _proxies.Reaper.Rest();
            if (_store is null)
            {
                _folder.Next();
            }

            Forgotten();
        });
    }

    private Task<OverlayHost> StartProxyAsync() => _store is { } store
        ? OverlayHost.StartAsync(store.Endpoint, _remote.Endpoint, _clock, ModelSettings.Of(this, _folder.Data, _folder.Spool))
        : OverlayHost.StartOnDiskAsync(new MortalDisk(_proxies.Reaper, DiskTrouble), _remote.Endpoint, _clock,
            ModelSettings.Of(this, _folder.Data, _folder.Spool));
}
