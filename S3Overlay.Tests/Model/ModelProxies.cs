using S3Overlay.Proxy.Forwarding.Stores;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Model;

/// <summary>
/// The proxies of a sequence: one, or two that share a store and nothing else. Their clock moves only while a test waits for it.
/// </summary>
internal sealed class ModelProxies : IAsyncDisposable
{
    /// <summary>After this time a proxy knows what another one did to a bucket, and the store lists all its entries.</summary>
    private static readonly TimeSpan UntilKnown = TimeSpan.FromSeconds(2);

    /// <summary>The timeout for a hanging store is reached earlier, step by step.</summary>
    private static readonly TimeSpan LongestLimit = TimeSpan.FromMinutes(1);

    private readonly OverlayHost[] _running;
    private readonly Func<Task<OverlayHost>> _start;
    private readonly Func<bool> _isHanging;
    private int _turn;

    /// <summary>Proxies that are not started yet.</summary>
    /// <param name="isHanging">Whether a call to their store hangs, so that only a time limit ends the wait.</param>
    public ModelProxies(ManualTimeProvider clock, int count, Func<Task<OverlayHost>> start, Func<bool> isHanging) =>
        (Clock, _running, _start, _isHanging) = (clock, new OverlayHost[count], start, isHanging);

    /// <summary>The clock of all of them, and of their store.</summary>
    public ManualTimeProvider Clock { get; }

    public bool AreSeveral => _running.Length > 1;

    /// <summary>The one that requests go to.</summary>
    public OverlayHost Current => _running[_turn];

    public async Task StartAsync()
    {
        for (var i = 0; i < _running.Length; i++)
        {
            _running[i] = await _start();
        }
    }

    /// <summary>Sends requests to this proxy from now on, if there are that many.</summary>
    public void Turn(int proxy) => _turn = proxy % _running.Length;

    /// <summary>Ends the current one and starts it again over what it has on disk.</summary>
    /// <param name="between">Runs in between.</param>
    public async Task RestartAsync(Func<Task> between)
    {
        await RunAsync(DisposedAsync(Current));
        await between();
        _running[_turn] = await RunAsync(_start());
    }

    /// <summary>Replaces the current one, which has been killed.</summary>
    /// <param name="between">Runs in between.</param>
    public async Task ReplaceAsync(Action between)
    {
        // Whatever it waits for is over soon: there is nothing that it could still do.
        await Clock.RunAsync(Current.DisposeAsync().AsTask().ContinueWith(static ended => ended.IsFaulted, TaskScheduler.Default));
        between();
        _running[_turn] = await _start();
        await ShareAsync();
    }

    /// <summary>Sends a request to the current one, and waits until nothing of it is under way any more.</summary>
    public Task<RawResponse> SendAsync(string method, string target, byte[]? body = null, params (string Name, string Value)[] headers) =>
        RunAsync(SendAndWaitAsync(method, target, body, headers));

    /// <summary>
    /// Runs a command against the current one, and waits until nothing of it is under way any more. The command ends with the proxy.
    /// </summary>
    /// <exception cref="ProcessKilledException">The proxy was killed before it ended.</exception>
    public Task<T> CommandAsync<T>(Func<CancellationToken, Task<T>> run) => RunAsync(RunCommandAsync(run));

    /// <summary>Kills the proxy that serves the requests at some time, with no request waiting for it.</summary>
    public Reaper Reaper { get; } = new();

    /// <summary>Does something with each of them.</summary>
    public async Task ForEachAsync(Func<Task> action)
    {
        var before = _turn;
        try
        {
            for (_turn = 0; _turn < _running.Length; _turn++)
            {
                await action();
            }
        }
        finally
        {
            // Also if the one whose turn it was is killed: that one is replaced.
            _turn = before;
        }
    }

    /// <summary>
    /// Waits until the current one has probed its store, which works by now. While it probes in the background, its pauses would
    /// move the clock that the time limits of others use.
    /// </summary>
    public async Task ProbeAsync()
    {
        if (Current.Services.Local.Conditions is StoreProbe probe)
        {
            await RunAsync(Settled(probe.Probing));
            await RunAsync(probe.FindAsync(CancellationToken.None).AsTask());
        }
    }

    /// <summary>Waits until every proxy knows what the others did.</summary>
    public async Task ShareAsync()
    {
        if (AreSeveral)
        {
            Clock.Advance(UntilKnown);
            await RunAsync(WhenIdleAsync());
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var proxy in _running)
        {
            await RunAsync(DisposedAsync(proxy));
        }
    }

    private static async Task<bool> DisposedAsync(OverlayHost proxy)
    {
        await proxy.DisposeAsync();
        return true;
    }

    private static Task<bool> Settled(Task asking) =>
        asking.ContinueWith(static asked => asked.IsCompletedSuccessfully, TaskScheduler.Default);

    private Task<T> RunAsync<T>(Task<T> work) => Clock.RunAsync(work, () => _isHanging() ? LongestLimit : ManualTimeProvider.LongestPause);

    private async Task<T> RunCommandAsync<T>(Func<CancellationToken, Task<T>> run)
    {
        using var stop = new CancellationTokenSource();
        var death = Reaper.Death;
        var running = run(stop.Token);
        if (await Task.WhenAny(death, running) == death || death.IsCompleted)
        {
            await stop.CancelAsync();
            await running.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            throw new ProcessKilledException();
        }

        await Task.WhenAny(death, ShareCachedAsync(death));
        return await running;
    }

    private async Task<RawResponse> SendAndWaitAsync(string method, string target, byte[]? body, (string Name, string Value)[] headers)
    {
        var death = Reaper.Death;
        var sending = Current.Http.SendAsync(method, target, body, headers);
        if (await Task.WhenAny(death, sending) == death || death.IsCompleted)
        {
            throw new ProcessKilledException();
        }

        await Task.WhenAny(death, ShareCachedAsync(death));
        return await sending;
    }

    /// <summary>Waits until no work is running and the store has all entries where other proxies look for them.</summary>
    private async Task ShareCachedAsync(Task death)
    {
        while (await WhenIdleAsync() && AreSeveral && !death.IsCompleted)
        {
            Clock.Advance(UntilKnown);
        }
    }

    /// <summary>Waits until all running work is idle or delayed.</summary>
    /// <returns>Whether anything does.</returns>
    private async Task<bool> WhenIdleAsync()
    {
        var isWaiting = false;
        foreach (var proxy in _running)
        {
            await proxy.WhenIdleAsync();
            isWaiting |= proxy.Copies is { } copies && await copies.WhenIdleAsync();
        }

        return isWaiting;
    }
}
