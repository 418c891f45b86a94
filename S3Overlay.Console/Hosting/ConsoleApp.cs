using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

using S3Overlay.WebConsole.Assets;
using S3Overlay.WebConsole.Gateway;
using S3Overlay.WebConsole.Pages.Browse;
using S3Overlay.WebConsole.Pages.Changes;
using S3Overlay.WebConsole.Security;

namespace S3Overlay.WebConsole.Hosting;

/// <summary>The web console of one proxy, behind a port that the proxy opens.</summary>
/// <remarks>
/// <code>
///  request
///     1 address     only the console's own Host and Origin (AddressGuard)
///     2 headers     what a browser may do with the response (SecurityHeaders)
///     3 assets      scripts and styles, for anyone
///     4 session     the cookie of a signed-in key; else the sign-in page (SessionAuthentication)
///     5 sign in     and out, as plain forms (SignInEndpoints)
///     6 bytes       of objects: downloads, uploads, archives (BrowseEndpoints, ArchiveEndpoint)
///     7 pages       Razor components over a circuit; each gets its data through ProxyGateway
/// </code>
/// </remarks>
public sealed class ConsoleApp : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly InnerServer _server;

    private ConsoleApp(WebApplication app, InnerServer server) => (_app, _server) = (app, server);

    /// <summary>Builds the console.</summary>
    /// <param name="proxy">The proxy that it shows.</param>
    /// <param name="addresses">Where its port listens.</param>
    /// <param name="names">Names of those addresses, as they were set.</param>
    /// <param name="loggers">The proxy's log.</param>
    public static async Task<ConsoleApp> StartAsync(
        IProxy proxy, IReadOnlyList<string> addresses, IReadOnlyList<string> names, ILoggerFactory loggers)
    {
        var builder = WebApplication.CreateEmptyBuilder(new() { ApplicationName = typeof(ConsoleApp).Assembly.GetName().Name });
        builder.Environment.WebRootFileProvider = new InitializerList();
        var server = new InnerServer();
        builder.Services.AddSingleton<IServer>(server);
        builder.Services.AddSingleton(loggers);
        builder.Services.AddConsole(proxy, new ConsoleAddresses(addresses, [.. names, .. proxy.Hosts]));
        var app = builder.Build();
        app.UseMiddleware<AddressGuard>();
        app.UseMiddleware<SecurityHeaders>();
        app.UseMiddleware<AssetFiles>();
        app.UseMiddleware<FailurePages>();
        app.UseRouting();
        app.UseAuthentication();
        app.UseWebSockets();
        app.UseMiddleware<CircuitGuard>();
        app.UseAuthorization();
        app.UseAntiforgery();
        app.MapSignIn();
        app.MapBrowse();
        app.MapArchives();
        app.MapPages();
        await app.StartAsync();
        return new ConsoleApp(app, server);
    }

    /// <summary>All routes, for tests.</summary>
    internal IReadOnlyList<RouteEndpoint> Routes =>
        [.. _app.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()];

    /// <summary>Serves a request.</summary>
    public Task HandleAsync(IFeatureCollection features) => _server.HandleAsync(features);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        await _app.StopAsync(limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _app.DisposeAsync();
    }
}
