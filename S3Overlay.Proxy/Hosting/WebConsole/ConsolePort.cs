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
    /// <summary>
    /// The longest body: a form is far shorter, and anybody can send one. A route that takes uploads raises it for itself alone, and its
    /// requests have a session before a byte is read: <c>MapPost(...).WithMetadata(new DisableRequestSizeLimitAttribute())</c>.
    /// </summary>
    private const long MaxBody = 64 << 10;

    /// <summary>A link to a place in a bucket names up to three keys of 1,024 bytes, each of which becomes three letters.</summary>
    private const int MaxRequestLine = 16 << 10;

    /// <summary>How long connections get to finish when the port closes.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly WebApplication _host;
    private readonly Func<ConsoleListening, Task<IOpenConsole>> _open;
    private readonly ILogger _logger;
    private readonly Lock _lock = new();
    private Task<IOpenConsole>? _console;
    private IReadOnlyList<string> _names = [];
    private bool _isClosing;

    private ConsolePort(WebApplication host, Func<ConsoleListening, Task<IOpenConsole>> open, ILogger logger) =>
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
    /// <param name="open">Loads and builds the console, which listens there.</param>
    /// <param name="loggers">For failures.</param>
    /// <returns>The port; or null and why, if the default address cannot be used.</returns>
    /// <exception cref="StartupException">It cannot listen on an address that was set.</exception>
    public static async Task<(ConsolePort? Port, string? Problem)> StartAsync(
        ConsoleOptions options, IConfiguration configuration, Func<ConsoleListening, Task<IOpenConsole>> open, ILoggerFactory loggers)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.Services.AddSingleton(loggers);
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Configure(CertificatesOf(configuration));
            kestrel.Limits.MaxRequestBodySize = MaxBody;
            kestrel.Limits.MaxRequestLineSize = MaxRequestLine;
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

    /// <summary>
    /// The console's URL for a browser that found the S3 port; null if it can be reached from the proxy's machine alone, and the browser is
    /// elsewhere.
    /// </summary>
    public Uri? UrlFor(HttpRequest request)
    {
        if (ListenAddresses.IsEveryInterface(BindingAddress.Parse(Addresses[0]).Host))
        {
            return !IsName(Endpoint.Host)
                && Uri.TryCreate($"{Endpoint.Scheme}://{request.Host.Host}:{Endpoint.Port}/", UriKind.Absolute, out var url)
                ? url : Endpoint;
        }

        // A reverse proxy may be on this machine, and its browsers elsewhere: then only the address that it forwards shows that.
        var connection = request.HttpContext.Connection;
        return !Endpoint.IsLoopback || (connection is { LocalIpAddress: { } own, RemoteIpAddress: { } other }
            && IPAddress.IsLoopback(own) && IPAddress.IsLoopback(other)) ? Endpoint : null;
    }

    /// <inheritdoc/>
    public IFeatureCollection CreateContext(IFeatureCollection features) => features;

    /// <inheritdoc/>
    public async Task ProcessRequestAsync(IFeatureCollection features)
    {
        IOpenConsole console;
        try
        {
            if (OpenAsync() is not { } opening)
            {
                features.GetRequiredFeature<IHttpResponseFeature>().StatusCode = StatusCodes.Status503ServiceUnavailable;
                return;
            }

            console = await opening;
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
    public async ValueTask DisposeAsync() => await StopAsync(CancellationToken.None);

    /// <summary>Ends the pages and their requests to the proxy, and closes the port. From now on it answers 503.</summary>
    /// <param name="cut">Cancelled when requests that still run are not to be waited for any longer.</param>
    public async Task StopAsync(CancellationToken cut)
    {
        Task<IOpenConsole>? opening;
        lock (_lock)
        {
            (_isClosing, opening) = (true, _console);
        }

        if (opening is not null)
        {
            // Ends the connections of open pages, which the server would wait for.
            await ((Task)opening).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await (opening.IsCompletedSuccessfully ? (await opening).StopAsync(cut) : Task.CompletedTask);
        }

        using var limit = new CancellationTokenSource(Patience);
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

        // The server listens on every interface for a name, and forgets it.
        _names = [.. urls.Select(static url => BindingAddress.Parse(url).Host).Where(IsName).Distinct(StringComparer.OrdinalIgnoreCase)];
        var (first, bound) = (BindingAddress.Parse(urls[0]), addresses.Addresses.First());
        Endpoint = IsName(first.Host) ? new UriBuilder(first.Scheme, first.Host, BindingAddress.Parse(bound).Port).Uri
            : new Uri(RunningProxy.Reachable(bound) + "/");
    }

    private static bool IsName(string host) => host is not ("*" or "+") && !host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        && !IPAddress.TryParse(host.Trim('[', ']'), out _);

    /// <summary>Builds the console once. After a failure, the next request tries again. Null once the port closes.</summary>
    private Task<IOpenConsole>? OpenAsync()
    {
        lock (_lock)
        {
            return _isClosing ? null
                : _console is null or { IsFaulted: true } ? _console = Task.Run(() => _open(new(Addresses, _names))) : _console;
        }
    }

    private static string Reason(Exception failure) =>
        failure is IOException { InnerException: AddressInUseException } ? "it is in use" : failure.Message;

    /// <summary>The web server's certificates, without its endpoints: those are the S3 port's.</summary>
    private static IConfiguration CertificatesOf(IConfiguration configuration) => new ConfigurationBuilder().AddInMemoryCollection(
        configuration.GetSection("Kestrel:Certificates").AsEnumerable(makePathsRelative: true)
            .Select(static pair => KeyValuePair.Create("Certificates:" + pair.Key, pair.Value))).Build();
}

/// <summary>Where the console's port listens.</summary>
/// <param name="Addresses">The addresses.</param>
/// <param name="Names">The names in the settings, for which it listens on every interface.</param>
internal sealed record ConsoleListening(IReadOnlyList<string> Addresses, IReadOnlyList<string> Names);

/// <summary>The console, once it is loaded.</summary>
internal interface IOpenConsole
{
    /// <summary>Serves a request.</summary>
    Task HandleAsync(IFeatureCollection features);

    /// <summary>Ends its pages, then what it still asks of the proxy.</summary>
    /// <param name="cut">Cancelled when that is not to be waited for any longer.</param>
    Task StopAsync(CancellationToken cut);
}
