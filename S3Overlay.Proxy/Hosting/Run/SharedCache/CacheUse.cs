using System.Diagnostics;
using System.Globalization;

namespace S3Overlay.Proxy.Hosting.Run.SharedCache;

/// <summary>A run's use of a shared proxy, which it starts if there is none. The use ends with this process, however that ends.</summary>
internal sealed class CacheUse : IAsyncDisposable
{
    /// <summary>The hidden command that is the shared proxy's process.</summary>
    public const string Command = "shared-cache";

    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly CacheFiles _files;
    private readonly FileStream _users;
    private readonly LogFollower _log;
    private readonly TextWriter _errors;
    private readonly TimeSpan _linger;

    private CacheUse(CacheFiles files, FileStream users, CacheAddress address, long logged, TextWriter errors, TimeSpan linger) =>
        (_files, _users, Address, _log, _errors, _linger) =
        (files, users, address, new LogFollower(files.Log, logged, errors), errors, linger);

    /// <summary>Where the shared proxy serves.</summary>
    public CacheAddress Address { get; }

    /// <summary>Joins the proxy that the arguments name, or starts it.</summary>
    /// <param name="arguments">The proxy.</param>
    /// <param name="values">Its settings.</param>
    /// <param name="errors">Gets its warnings.</param>
    /// <param name="cancellationToken">Ends the wait. A proxy that is starting then starts, and ends for lack of users.</param>
    /// <exception cref="IOException">The folder cannot be used, or the proxy does not start.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder cannot be used.</exception>
    public static async Task<CacheUse> JoinAsync(
        CacheProxyArguments arguments, IReadOnlyDictionary<string, string?> values, TextWriter errors, CancellationToken cancellationToken)
    {
        var files = new CacheFiles(arguments.Root, arguments.Name);
        files.Create();

        // One run at a time: the others find what it started.
        await using var starting = await TakeAsync(files.Starting, isShared: false, cancellationToken);
        var users = await TakeAsync(files.Users, isShared: true, cancellationToken);
        try
        {
            File.SetLastWriteTimeUtc(files.Users, DateTime.UtcNow);
            var from = 0L;
            var address = FileLock.IsTaken(files.Alive) ? await AddressAsync(files, cancellationToken) : null;
            if (address is null)
            {
                await StartAsync(arguments, files, values, cancellationToken);
                address = await AddressAsync(files, cancellationToken) ?? throw new IOException("its process ended");
            }
            else
            {
                from = File.Exists(files.Log) ? new FileInfo(files.Log).Length : 0;
            }

            return new CacheUse(files, users, address, from, errors, arguments.Linger);
        }
        catch
        {
            await users.DisposeAsync();
            throw;
        }
    }

    /// <summary>Whether the proxy still serves.</summary>
    public bool IsAlive => Holds(() => FileLock.IsTaken(_files.Alive));

    /// <summary>Ends the use. If the proxy shall not run on, returns once it has ended: its folder is then at rest.</summary>
    public async ValueTask DisposeAsync()
    {
        await _log.DisposeAsync();
        try
        {
            if (_linger > TimeSpan.Zero)
            {
                File.SetLastWriteTimeUtc(_files.Users, DateTime.UtcNow);
            }
            else if (Address.Linger > TimeSpan.Zero)
            {
                // Another run started it, to run on for longer.
                StoreFolder.Want(Address.Store);
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // The folder was deleted, and the proxy ends.
        }

        await _users.DisposeAsync();
        if (_linger == TimeSpan.Zero && !await HasEndedAsync())
        {
            await _errors.WriteLineAsync("s3overlay: warning: the process of the shared cache has not ended; its folder is in use.");
        }
    }

    /// <summary>Waits until the proxy has ended, or another run uses it. False if the time is over.</summary>
    private async Task<bool> HasEndedAsync()
    {
        var looks = 0;
        for (var waited = Stopwatch.StartNew(); waited.Elapsed < EndLimit;)
        {
            await Task.Delay(Pause);
            if (!Holds(() => FileLock.IsTaken(StoreFolder.Lock(Address.Store))))
            {
                return true;
            }

            // The proxy, and other runs that wait here, lock it alone for a moment: one look could be wrong.
            looks = Holds(() => FileLock.IsShared(_files.Users)) ? looks + 1 : 0;
            if (looks == 2)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>False if the folder was deleted, or belongs to another user: there is no proxy of this run.</summary>
    private static bool Holds(Func<bool> isLocked)
    {
        try
        {
            return isLocked();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static async Task<FileStream> TakeAsync(string path, bool isShared, CancellationToken cancellationToken) =>
        await FileLock.WaitAsync(path, isShared, StartLimit, cancellationToken)
        ?? throw new IOException($"{path} stays locked by another process");

    /// <summary>The address of a proxy that is alive, once it has written it; null if it ended.</summary>
    private static async Task<CacheAddress?> AddressAsync(CacheFiles files, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (files.ReadAddress() is { } address)
            {
                return address;
            }

            if (!FileLock.IsTaken(files.Alive))
            {
                return null;
            }

            await Task.Delay(20, cancellationToken);
        }
    }

    /// <summary>Starts the process, and returns once it serves.</summary>
    private static async Task StartAsync(
        CacheProxyArguments arguments, CacheFiles files, IReadOnlyDictionary<string, string?> values, CancellationToken cancellationToken)
    {
        // The address of a proxy that was killed.
        File.Delete(files.Proxy);
        var start = new ProcessStartInfo(Environment.ProcessPath!)
        {
            // The run's own folder may be removed before the proxy ends.
            WorkingDirectory = files.Root,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (Path.GetFileNameWithoutExtension(start.FileName).Equals("dotnet", StringComparison.OrdinalIgnoreCase))
        {
            start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "S3Overlay.Proxy.dll"));
        }

        foreach (var argument in (string[])
            [Command, arguments.Root, arguments.Name, arguments.Store, Text(arguments.Size), Text(arguments.Linger.TotalSeconds)])
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment.Clear();
        foreach (var (name, value) in arguments.Environment)
        {
            start.Environment[name] = value;
        }

        foreach (var (name, value) in values)
        {
            start.Environment[name.Replace(":", "__", StringComparison.Ordinal)] = value;
        }

        Process? process = null;
        if (OperatingSystem.IsWindows())
        {
            process = Process.Start(start);
        }
        else
        {
            UnixProcess.WithoutInheritedFiles(() => process = Process.Start(start));
        }

        using (process)
        {
            process!.StandardInput.Close();
            process.StandardError.Close();
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(StartLimit);
            var line = await process.StandardOutput.ReadLineAsync(limit.Token);
            if (line != CacheProxy.Ready)
            {
                throw new IOException(line ?? "its process ended");
            }
        }
    }

    private static string Text(IFormattable number) => number.ToString(null, CultureInfo.InvariantCulture);
}
