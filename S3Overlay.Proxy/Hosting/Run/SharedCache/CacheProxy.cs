using System.Diagnostics;
using System.Runtime.InteropServices;

using S3Overlay.Proxy.Embedded.Database;
using S3Overlay.Proxy.Embedded.Files;

namespace S3Overlay.Proxy.Hosting.Run.SharedCache;

/// <summary>The shared proxy's own process: the remote of all runs with the same settings. Ends a while after its last user.</summary>
/// <remarks>
/// <code>
///   1 leave the terminal      signals typed there are for the runs
///   2 lock .alive             one proxy of this name; a second process only waits until the first serves
///   3 open a store            the cache of these remotes
///   4 serve, write .proxy     then say so to the run that started this
///   5 watch .users            while a run has it locked, it cannot be locked alone
///   6 end                     under the lock of "starting", so that no run joins at that moment
/// </code>
/// </remarks>
internal sealed class CacheProxy(CacheFiles files, CacheProxyArguments arguments, TextWriter ready)
{
    /// <summary>The first word of the line that says that the proxy serves. Any other text is why it does not.</summary>
    public const string Ready = "ready";

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Upkeep = TimeSpan.FromSeconds(30);

    /// <summary>Others lock the file for a moment to see whether it is locked.</summary>
    private static readonly TimeSpan AliveLimit = TimeSpan.FromMilliseconds(500);

    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(30);

    private readonly Stopwatch _idle = new();

    /// <summary>Runs until it has no users.</summary>
    public async Task<int> RunAsync()
    {
        if (!OperatingSystem.IsWindows())
        {
            UnixProcess.LeaveTerminal();
        }

        try
        {
            files.Create();
            if (await FileLock.WaitAsync(files.Alive, isShared: false, AliveLimit, CancellationToken.None) is not { } alive)
            {
                await WaitForOtherAsync();
                return 0;
            }

            await using (alive)
            {
                await ServeAsync(alive);
                return 0;
            }
        }
        catch (Exception failure) when (failure is RunException or StartupException or IOException or UnauthorizedAccessException)
        {
            await ready.WriteLineAsync(failure.Message);
            return RunExitCodes.NotStarted;
        }
    }

    private async Task ServeAsync(FileStream alive)
    {
        // Runs copy this file to their error output.
        await using var log = new StreamWriter(OpenLog()) { AutoFlush = true };
        Console.SetOut(log);
        Console.SetError(log);
        using var store = await StoreFolder.TakeAsync(files.Stores, arguments.Store);
        store.NoteUse();
        var (proxy, key) = await OpenAsync(store);
        await using (proxy)
        {
            files.WriteAddress(new CacheAddress(
                new Uri(proxy.Endpoint), key.AccessKey, key.SecretKey, store.Path, Environment.ProcessId, arguments.Linger));
            await ready.WriteLineAsync(Ready);
            await ready.DisposeAsync();
            proxy.StartProbing();
            using var terminated = new CancellationTokenSource();
            using var signal = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context =>
            {
                context.Cancel = true;
                terminated.Cancel();
            });
            try
            {
                await WatchAsync(proxy, store, alive, terminated.Token);
                store.NoteUse(BytesOf(proxy));
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                // The folder was deleted, or its size cannot be noted.
            }
        }
    }

    private FileStream OpenLog()
    {
        FileLock.WritePrivate(files.Log, []);
        return new FileStream(files.Log, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
    }

    private async Task<(RunningProxy Proxy, Configuration.Keys.ClientKey Key)> OpenAsync(StoreFolder store)
    {
        var settings = RunSettings.Read([]);
        for (var isLast = false; ; isLast = true)
        {
            var (builder, options, problems, key) = CacheSettings.ForProxy(settings, StoreFolder.Data(store.Path), arguments.Size);
            try
            {
                return (await RunningProxy.StartAsync(builder, options, problems), key);
            }
            catch (StartupException failure) when (!isLast && IsDamage(failure) && Directory.Exists(StoreFolder.Data(store.Path)))
            {
                // A cache is not worth a question. A full disk, a setting or a later version's folder is no reason to delete it.
                store.Clear();
            }
        }
    }

    private static bool IsDamage(StartupException failure)
    {
        for (var cause = failure.InnerException; cause is not null; cause = cause.InnerException)
        {
            if (cause is StoreUnavailableException { IsDamage: true } or DatabaseDamagedException or InvalidDataException)
            {
                return true;
            }
        }

        return false;
    }

    private async Task WatchAsync(RunningProxy proxy, StoreFolder store, FileStream alive, CancellationToken cancellationToken)
    {
        var trimmed = Stopwatch.StartNew();
        while (!cancellationToken.IsCancellationRequested)
        {
            await Task.Delay(Pause, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            try
            {
                if (trimmed.Elapsed > Upkeep && FileLock.TryTake(files.Starting) is { } starting)
                {
                    trimmed.Restart();
                    using (starting)
                    {
                        store.Trim(BytesOf(proxy), arguments.Size);
                        files.RemoveStale();
                    }
                }

                if (TryEnd(proxy, store, alive))
                {
                    return;
                }
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException && files.Exists)
            {
                // Its runs go on. Without the folder, no run can find this proxy.
            }
        }

        // Terminated: its runs get errors from now on, and later ones start another.
        File.Delete(files.Proxy);
    }

    /// <summary>Ends if there was no user for long enough. Afterwards, no run finds this proxy.</summary>
    private bool TryEnd(RunningProxy proxy, StoreFolder store, FileStream alive)
    {
        using var users = FileLock.TryTake(files.Users);
        if (users is null)
        {
            _idle.Reset();
            return false;
        }

        // A run may have begun and ended between two looks.
        _idle.Start();
        var sinceUse = DateTime.UtcNow - File.GetLastWriteTimeUtc(files.Users);
        var isLongIdle = _idle.Elapsed >= arguments.Linger && (sinceUse >= arguments.Linger || sinceUse < TimeSpan.Zero);
        if (!(isLongIdle || store.IsWanted))
        {
            return false;
        }

        using var starting = FileLock.TryTake(files.Starting);
        if (starting is null)
        {
            // A run is about to join this proxy, or to start the one that waits for the store.
            if (!store.IsWanted)
            {
                return false;
            }
        }

        File.Delete(files.Proxy);
        alive.Dispose();
        if (starting is not null)
        {
            store.Trim(BytesOf(proxy), arguments.Size);
            files.RemoveStale();
        }

        return true;
    }

    private static long BytesOf(RunningProxy proxy) => (proxy.Services.Local.Cache as Embedded.Cache.DiskCacheStore)?.Bytes ?? 0;

    private async Task WaitForOtherAsync()
    {
        for (var waited = Stopwatch.StartNew(); waited.Elapsed < StartLimit; await Task.Delay(Pause))
        {
            if (files.ReadAddress() is not null)
            {
                await ready.WriteLineAsync(Ready);
                return;
            }
        }

        await ready.WriteLineAsync("another process is starting it and does not get ready");
    }
}

/// <summary>What the process of a shared proxy is started with. Secrets are in its environment, which others cannot see.</summary>
/// <param name="Root">The cache folder.</param>
/// <param name="Name">The proxy's name.</param>
/// <param name="Store">The store's name.</param>
/// <param name="Size">The most bytes to cache.</param>
/// <param name="Linger">How long to run on after the last user.</param>
internal sealed record CacheProxyArguments(string Root, string Name, string Store, long Size, TimeSpan Linger)
{
    /// <summary>Its environment, beside its settings.</summary>
    public IReadOnlyDictionary<string, string?> Environment { get; init; } = new Dictionary<string, string?>();
}
