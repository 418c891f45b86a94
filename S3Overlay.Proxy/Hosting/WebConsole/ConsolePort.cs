using System.Net;

using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;

using S3Overlay.Proxy.Configuration;
using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Configuration.Values;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Hosting.WebConsole;

/// <summary>
/// A server of its own for the web console, so that no stored object shares an origin with it. It only listens: the console is loaded and
/// built by the first request.
/// </summary>
internal sealed class ConsolePort : IHttpApplication<IFeatureCollection>, IAsyncDisposable
{
    /// <summary>How long requests get to finish when the port closes.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly WebApplication _host;
    private readonly Func<IReadOnlyList<string>, Task<IOpenConsole>> _open;
    private readonly ILogger _logger;
    private readonly Lock _lock = new();
    private Task<IOpenConsole>? _console;

    private ConsolePort(WebApplication host, Func<IReadOnlyList<string>, Task<IOpenConsole>> open, ILogger logger) =>
        (_host, _open, _logger) = (host, open, logger);

    /// <summary>Its URL for a browser on this machine; the first one of several.</summary>
    public Uri Endpoint { get; private set; } = null!;

    /// <summary>Whether the console has been built.</summary>
    public bool IsOpen => _console is not null;

    /// <summary>Where it listens.</summary>
    private IReadOnlyList<string> Addresses => [.. Server.Features.GetRequiredFeature<IServerAddressesFeature>().Addresses];

    private IServer Server => _host.Services.GetRequiredService<IServer>();

    /// <summary>Starts to listen.</summary>
    /// <param name="options">Its addresses.</param>
    /// <param name="configuration">The certificates of the web server.</param>
    /// <param name="open">Loads and builds the console, which listens at these addresses.</param>
    /// <param name="loggers">For failures.</param>
    /// <returns>The port; or null and why, if the default address cannot be used.</returns>
    /// <exception cref="StartupException">It cannot listen on an address that was set.</exception>
    public static async Task<(ConsolePort? Port, string? Problem)> StartAsync(
        ConsoleOptions options, IConfiguration configuration, Func<IReadOnlyList<string>, Task<IOpenConsole>> open, ILoggerFactory loggers)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.Services.AddSingleton(loggers);
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Configure(CertificatesOf(configuration));

            // An upload in a page is read as fast as the store takes it.
            kestrel.Limits.MaxRequestBodySize = null;
        });
        var port = new ConsolePort(builder.Build(), open, loggers.CreateLogger<ConsolePort>());
        try
        {
            await port.ListenAsync(options.Urls);
            return (port, null);
        }
        catch (Exception failure) when (StartupException.FromListening(failure, options.Urls, Settings.ConsoleUrls.Name) is { } reason)
        {
            await port.DisposeAsync();
            return options.IsDefault
                ? (null, $"off: {options.Urls[0]} cannot be used ({Reason(failure)}). Set {Settings.ConsoleUrls.Name} to another address.")
                : throw reason;
        }
    }

    /// <summary>The console's URL for a browser that found the S3 port at a host.</summary>
    public Uri UrlFor(HostString host) => ListenAddresses.IsEveryInterface(BindingAddress.Parse(Addresses[0]).Host)
        && Uri.TryCreate($"{Endpoint.Scheme}://{host.Host}:{Endpoint.Port}/", UriKind.Absolute, out var url) ? url : Endpoint;

    /// <inheritdoc/>
    public IFeatureCollection CreateContext(IFeatureCollection features) => features;

    /// <inheritdoc/>
    public async Task ProcessRequestAsync(IFeatureCollection features)
    {
        IOpenConsole console;
        try
        {
            console = await OpenAsync();
        }
        catch (Exception failure)
        {
            Log.ConsoleNotOpened(_logger, failure);
            features.GetRequiredFeature<IHttpResponseFeature>().StatusCode = StatusCodes.Status500InternalServerError;
            return;
        }

        await console.HandleAsync(features);
    }

    /// <inheritdoc/>
    public void DisposeContext(IFeatureCollection context, Exception? exception)
    {
        // The console disposes its own.
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        using var limit = new CancellationTokenSource(Patience);
        if (_console is { } opening)
        {
            // Ends the connections of open pages, which the server would wait for.
            await ((Task)opening).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await (opening.IsCompletedSuccessfully ? (await opening).DisposeAsync() : default);
        }

        await Server.StopAsync(limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _host.DisposeAsync();
    }

    private async Task ListenAsync(IReadOnlyList<string> urls)
    {
        var addresses = Server.Features.GetRequiredFeature<IServerAddressesFeature>();
        foreach (var url in urls)
        {
            addresses.Addresses.Add(url);
        }

        await Server.StartAsync(this, CancellationToken.None);
        Endpoint = new Uri(RunningProxy.Reachable(addresses.Addresses.First()) + "/");
    }

    /// <summary>Builds the console once. After a failure, the next request tries again.</summary>
    private Task<IOpenConsole> OpenAsync()
    {
        lock (_lock)
        {
            return _console is null or { IsFaulted: true } ? _console = Task.Run(() => _open(Addresses)) : _console;
        }
    }

    private static string Reason(Exception failure) =>
        failure is IOException { InnerException: AddressInUseException } ? "it is in use" : failure.Message;

    /// <summary>The web server's certificates, without its endpoints: those are the S3 port's.</summary>
    private static IConfiguration CertificatesOf(IConfiguration configuration) => new ConfigurationBuilder().AddInMemoryCollection(
        configuration.GetSection("Kestrel:Certificates").AsEnumerable(makePathsRelative: true)
            .Select(static pair => KeyValuePair.Create("Certificates:" + pair.Key, pair.Value))).Build();
}

/// <summary>The console, once it is loaded.</summary>
internal interface IOpenConsole : IAsyncDisposable
{
    /// <summary>Serves a request.</summary>
    Task HandleAsync(IFeatureCollection features);
}
