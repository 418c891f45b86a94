using System.Runtime.InteropServices;

using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Diagnostics.HealthChecks;

using S3Overlay.Proxy.Configuration.Checks;
using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Hosting.Diagnosis;
using S3Overlay.Proxy.Hosting.WebConsole;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Hosting;

/// <summary>An S3 port that is open, with everything behind it.</summary>
internal sealed class RunningProxy(WebApplication app, ProxyServices services, ProxyMeters meters, MetricsPage metrics,
    RemoteProbe probe, ProxyOptions options, Machine machine) : IAsyncDisposable
{
    private readonly TaskCompletionSource _hurried = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ManagementPort? _management;
    private ConsolePort? _console;
    private bool _isDisposed;

    /// <summary>The parts behind the port.</summary>
    public ProxyServices Services => services;

    /// <summary>What it did since its start.</summary>
    public ProxyStatistics Statistics => meters.Statistics();

    /// <summary>What the proxy counts.</summary>
    public ProxyMeters Meters => meters;

    /// <summary>The URL for a client on this machine.</summary>
    public string Endpoint { get; private set; } = "";

    /// <summary>The URL of the management port; null if there is none.</summary>
    public Uri? Management => _management?.Endpoint;

    /// <summary>The URL of the web console; null if there is none.</summary>
    public Uri? WebConsole => _console?.Endpoint;

    /// <summary>Whether the web console has been loaded.</summary>
    public bool IsConsoleLoaded => _console is { IsOpen: true };

    /// <summary>Opens the store, then the port.</summary>
    /// <param name="builder">Builds the web server.</param>
    /// <param name="options">The options.</param>
    /// <param name="problems">Their warnings, which are logged.</param>
    /// <param name="machine">For tests; null for the real machine.</param>
    /// <exception cref="StartupException">A folder, port or, if required, remote cannot be used.</exception>
    public static async Task<RunningProxy> StartAsync(WebApplicationBuilder builder, ProxyOptions options, ConfigurationProblems problems,
        Machine? machine = null)
    {
        machine ??= new Machine();
        ProxyBuilder.Configure(builder, options);

        // How long a stop waits is decided in StopAsync, which counts what it cuts.
        builder.Services.Configure<HostOptions>(static host => host.ShutdownTimeout = Timeout.InfiniteTimeSpan);
        var health = new LayerChecks(options.Remotes.Select(remote => remote.Role), machine.Time);
        health.AddTo(builder.Services);
        var app = builder.Build();
        foreach (var warning in problems.Warnings)
        {
            Log.SettingWarning(app.Logger, warning.ToString());
        }

        var meters = new ProxyMeters(machine.Time);
        var metrics = new MetricsPage(meters.Meter);
        var loggers = app.Services.GetRequiredService<ILoggerFactory>();
        ProxyServices services;
        try
        {
            services = await ProxyServices.OpenAsync(options, meters, loggers, machine);
        }
        catch
        {
            metrics.Dispose();
            meters.Dispose();
            await app.DisposeAsync();
            throw;
        }

        var probe = new RemoteProbe(services.Remotes?.Checks ?? [], health, machine.Time, loggers.CreateLogger<RemoteProbe>());
        services.Status.Health = health;
        health.Watch(services, loggers, probe.TroubleOf, probe.Ending);
        var proxy = new RunningProxy(app, services, meters, metrics, probe, options, machine);
        app.UseProxyPipeline(options.Clients, metrics, services.FrontDoor.HandleAsync, () => proxy._console);
        try
        {
            if (options.RequiresRemote)
            {
                await probe.RequireAsync(CancellationToken.None);
            }

            await proxy.ListenAsync();
            return proxy;
        }
        catch
        {
            await proxy.DisposeAsync();
            throw;
        }
    }

    /// <summary>Opens the port of the web console, if the settings want one, and begins to keep the history that it shows.</summary>
    /// <returns>Why there is none, although the settings did not turn it off; else null.</returns>
    /// <exception cref="StartupException">An address that was set cannot be used.</exception>
    public async Task<string?> OpenConsoleAsync()
    {
        if (options.Console.Urls.Count == 0)
        {
            return null;
        }

        var loggers = app.Services.GetRequiredService<ILoggerFactory>();
        (_console, var problem) = await ConsolePort.StartAsync(options.Console, app.Configuration, listening =>
            OpenConsole.OpenAsync(services, options, new Uri(Endpoint), services.SignInLinks, machine, loggers, listening), loggers);
        if (_console is not null)
        {
            services.SignInLinks.Console = _console.Endpoint;
            services.History.Start();
        }

        return problem;
    }

    /// <summary>A URL that signs in to the console once; null without a console or a key that may administer.</summary>
    public Uri? MintSignInLink() => options.Clients.Keys.FirstOrDefault(static key => key.IsAdministrator) is { } key
        ? services.SignInLinks.Mint(key.AccessKey)?.Url : null;

    /// <summary>Whether announcements are lines for a person; else they are log messages.</summary>
    public bool IsForPeople => app.Configuration["Logging:Console:FormatterName"] == "simple";

    /// <summary>
    /// Prints lines for a person, ready to copy. If logs are for machines (<c>Logging__Console__FormatterName=json</c>), they are log
    /// messages.
    /// </summary>
    public void Announce(IEnumerable<string> lines)
    {
        foreach (var line in lines)
        {
            if (IsForPeople)
            {
                Console.WriteLine(line);
            }
            else
            {
                Log.Started(app.Logger, line);
            }
        }
    }

    /// <summary>Checks every layer and mapped bucket in the background and logs problems (rule M5). The proxy already serves.</summary>
    public void StartProbing() => probe.Start();

    /// <summary>Returns after SIGTERM or Ctrl-C, once no request is in progress. A second signal cuts the remaining ones.</summary>
    public async Task WaitForShutdownAsync()
    {
        await Task.Delay(Timeout.Infinite, app.Lifetime.ApplicationStopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Hurry);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Hurry);
        await StopAsync(TimeProvider.System);

        void Hurry(PosixSignalContext signal)
        {
            signal.Cancel = true;
            _hurried.TrySetResult();
        }
    }

    /// <summary>Closes the port. Requests in progress have S3_OVERLAY_SHUTDOWN_TIMEOUT to finish; then their connections are cut.</summary>
    public async Task StopAsync(TimeProvider time)
    {
        if (app.Lifetime.ApplicationStopped.IsCancellationRequested)
        {
            return;
        }

        var console = Interlocked.Exchange(ref _console, null);

        // Watchers would keep their connections open until they are cut.
        services.Tail.End();
        var began = time.GetTimestamp();
        if (meters.InProgress is > 0 and var waiting)
        {
            Log.WaitingForRequests(app.Logger, waiting, options.ShutdownTimeout.TotalSeconds);
        }

        using var cut = new CancellationTokenSource();
        using var limit = new CancellationTokenSource(options.ShutdownTimeout, time);
        var stopping = Task.WhenAll(console?.StopAsync(cut.Token) ?? Task.CompletedTask, app.StopAsync(cut.Token));
        await Task.WhenAny(stopping, _hurried.Task, Task.Delay(Timeout.Infinite, limit.Token));
        if (!stopping.IsCompleted)
        {
            if (meters.InProgress is > 0 and var left)
            {
                Log.RequestsCut(app.Logger, left, time.GetElapsedTime(began).TotalSeconds, options.ShutdownTimeout.TotalSeconds);
            }

            await cut.CancelAsync();
        }

        await stopping;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        await probe.DisposeAsync();

        // The port first: no request may arrive once the store is closed. Logs and spans last, so that the final ones are sent too.
        await StopAsync(TimeProvider.System);
        if (_management is not null)
        {
            await _management.DisposeAsync();
        }

        await services.DisposeAsync();
        await app.DisposeAsync();
        metrics.Dispose();

        // The runtime's list of meters would keep the proxy in memory.
        meters.Dispose();
    }

    private async Task ListenAsync()
    {
        try
        {
            await app.StartAsync();
        }
        catch (Exception failure) when (StartupException.FromListening(failure, options.Listen.Urls) is { } reason)
        {
            throw reason;
        }

        if (options.Management.Count > 0)
        {
            _management = await ManagementPort.StartAsync(options.Management, Pipeline.GuardOf(options.Clients),
                app.Services.GetRequiredService<HealthCheckService>(), metrics);
        }

        Endpoint = Reachable(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        services.Status.Endpoint = Endpoint;
    }

    /// <summary>The URL that a client on this machine uses for an address that the server listens on.</summary>
    internal static string Reachable(string address)
    {
        var parsed = BindingAddress.Parse(address);
        return parsed.Host is "*" or "+" or "0.0.0.0" or "[::]" ? $"{parsed.Scheme}://127.0.0.1:{parsed.Port}" : address.TrimEnd('/');
    }
}
