using S3Overlay.Proxy.Configuration;
using S3Overlay.Proxy.Configuration.Keys;
using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Embedded.Database;
using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Hosting.Run.SharedCache;
using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Hosting.Run;

/// <summary>Runs a command against a proxy of its own, which ends with it.</summary>
/// <remarks>
/// <code>
///   run: command -> its own proxy: changes in a folder -> shared proxy (CacheProxy): the cache -> remotes
///                                  without a cache     ----------------------------------------->
/// </code>
/// Standard output belongs to the command. The run itself writes to the error output only.
/// </remarks>
internal sealed class RunSession(RunOptions run, TextWriter errors)
{
    private const string Name = "s3overlay: ";

    /// <summary>How long the count of changes may wait for the remote.</summary>
    private static readonly TimeSpan CountLimit = TimeSpan.FromSeconds(30);

    /// <summary>How long the run may clean up after a signal that ends it.</summary>
    private static readonly TimeSpan CleanUpLimit = TimeSpan.FromSeconds(2);

    /// <summary>The command's exit code, once it has ended.</summary>
    private int _code = RunExitCodes.NotStarted;

    /// <summary>Runs the command. Returns its exit code, or one of <see cref="RunExitCodes"/>.</summary>
    public async Task<int> RunAsync()
    {
        using var signals = new SignalRelay();
        try
        {
            var program = ProgramSearch.Find(run.Command[0], Environment.GetEnvironmentVariable("PATH"));
            var settings = RunSettings.Read(run.Settings);
            using var folder = RunFolder.Create();
            return await PromptlyAsync(RunAsync(program, settings, folder, signals), signals);
        }
        catch (RunException failure)
        {
            await errors.WriteLineAsync(Name + failure.Message);
            return failure.ExitCode;
        }
        catch (StartupException failure)
        {
            await errors.WriteLineAsync(Name + failure.Message);
            return RunExitCodes.NotStarted;
        }
    }

    /// <summary>
    /// A signal that is not the command's, because it has not begun or has ended, ends the run. What is under way gets a moment to clean
    /// up; then the process ends, as a kill would end it.
    /// </summary>
    private async Task<int> PromptlyAsync(Task<int> session, SignalRelay signals)
    {
        var stopped = Task.Delay(Timeout.Infinite, signals.Stop);
        if (await Task.WhenAny(session, stopped) != session)
        {
            await Task.WhenAny(session, Task.Delay(CleanUpLimit));
        }

        try
        {
            return session.IsCompleted || !signals.Stop.IsCancellationRequested ? await session : Code();
        }
        catch (OperationCanceledException) when (signals.Stop.IsCancellationRequested)
        {
            return Code();
        }

        int Code() => signals.Early is { } signal ? RunExitCodes.Signal + signal
            : run.FailsOnChange ? RunExitCodes.Changed : _code;
    }

    private async Task<int> RunAsync(string program, RunSettings settings, RunFolder folder, SignalRelay signals)
    {
        var key = CacheSettings.NewKey();
        var (builder, options, problems) = RunSettings.Build(settings.With(
            (Settings.DataDirectory, run.DataFolder ?? folder.Data),
            (Settings.Durable, run.DataFolder is null ? "false" : settings.Text(Settings.Durable)),
            (Settings.AccessKey, key.AccessKey),
            (Settings.SecretKey, key.SecretKey)));
        options = options with { ShutdownTimeout = TimeSpan.FromSeconds(1) };
        await using var cache = await JoinCacheAsync(settings, options, signals.Stop);
        await using var proxy = await RunningProxy.StartAsync(
            builder, cache is null ? options : CacheSettings.Over(cache.Address, options), problems);
        if (cache is null)
        {
            // Otherwise the shared proxy checks the remotes.
            proxy.StartProbing();
        }

        if (signals.Early is { } signal)
        {
            return RunExitCodes.Signal + signal;
        }

        var code = _code = await RunCommandAsync(program, proxy, key, options, folder, signals);
        if (cache is { IsAlive: false })
        {
            await errors.WriteLineAsync(Name + "warning: the shared cache ended before the command did.");
        }

        // Ends what the command left behind, so that every request and change is counted.
        await proxy.StopAsync(TimeProvider.System);
        var changes = await CountAsync(proxy.Services, signals.Stop);
        foreach (var line in RunReport.Lines(proxy.Meters, options.Remotes.Count > 0, changes, run.DataFolder))
        {
            await errors.WriteLineAsync(Name + line);
        }

        return run.FailsOnChange && changes is not { IsNone: true } ? RunExitCodes.Changed : code;
    }

    private async Task<int> RunCommandAsync(
        string program, RunningProxy proxy, ClientKey key, ProxyOptions options, RunFolder folder, SignalRelay signals)
    {
        var region = options.Clients.Region ?? options.Local.BucketLocation;
        var variables = ClientVariables.Of(proxy.Endpoint, key.AccessKey, key.SecretKey, region);
        using var command = CommandProcess.Start(program, run.Command, environment =>
            ClientVariables.Apply(environment, variables, folder.ConfigFile, folder.CredentialsFile));
        return await command.WaitAsync(signals);
    }

    /// <summary>Null without a remote, and if the user's own cache folder cannot be used: the run then works without.</summary>
    private async Task<CacheUse?> JoinCacheAsync(RunSettings settings, ProxyOptions options, CancellationToken stop)
    {
        if (!run.UsesCache || options.Remotes.Count == 0)
        {
            return null;
        }

        try
        {
            var values = CacheSettings.Of(settings);
            var root = Path.GetFullPath(run.CacheFolder ?? CacheFiles.DefaultRoot());
            var proxy = new CacheProxyArguments(
                root, CacheIdentity.OfProxy(values, options, CacheFiles.Salt(root)),
                CacheIdentity.OfStore(options), run.CacheSize ?? options.Cache.MaxBytes ?? RunOptions.DefaultCacheSize, run.CacheLinger)
            {
                Environment = CacheEnvironment.Of(options),
            };
            return await CacheUse.JoinAsync(proxy, values, errors, stop);
        }
        catch (Exception failure) when (!stop.IsCancellationRequested
            && failure is IOException or UnauthorizedAccessException or OperationCanceledException)
        {
            var problem = $"the shared cache cannot be used: {failure.Message.TrimEnd('.')}.";
            if (run.CacheFolder is not null)
            {
                throw new RunException(RunExitCodes.NotStarted, $"{problem} Choose another --cache-dir, or --no-cache.", failure);
            }

            await errors.WriteLineAsync($"{Name}warning: {problem} Going on without it.");
            return null;
        }
    }

    /// <summary>Null if the remote does not answer in time, or the store fails.</summary>
    private static async Task<ChangeCount?> CountAsync(ProxyServices services, CancellationToken stop)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(CountLimit);
        try
        {
            return await ChangeCount.OfAsync(services, limit.Token);
        }
        catch (Exception failure) when (failure is OperationCanceledException or S3Exception or IOException
            or StoreUnavailableException or DatabaseDamagedException)
        {
            return null;
        }
    }
}
