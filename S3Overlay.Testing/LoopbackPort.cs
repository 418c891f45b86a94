using System.Net;

using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace S3Overlay.Testing;

/// <summary>
/// A web server on a port of 127.0.0.1. Unlike a program's, it leaves the process alone: no signal handlers, no console, no environment.
/// </summary>
internal sealed class LoopbackPort : IAsyncDisposable
{
    private readonly WebApplication _app;

    private LoopbackPort(WebApplication app) => _app = app;

    public Uri Endpoint => new(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());

    /// <param name="port">The port; 0 for a free one.</param>
    /// <param name="loggers">Gets the server's messages; null for nowhere.</param>
    /// <param name="configure">Configures the server.</param>
    /// <param name="handle">Responds to a request.</param>
    /// <exception cref="IOException">The port is in use.</exception>
    public static async Task<LoopbackPort> StartAsync(
        int port, ILoggerFactory? loggers, Action<KestrelServerOptions> configure, RequestDelegate handle)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.Services.AddSingleton<IHostLifetime>(new NoLifetime());
        if (loggers is not null)
        {
            builder.Services.AddSingleton(loggers);
        }

        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            configure(kestrel);
            kestrel.Listen(IPAddress.Loopback, port);
        });
        var app = builder.Build();
        try
        {
            app.Run(handle);
            await app.StartAsync();
            return new LoopbackPort(app);
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
    }

    /// <summary>Closes the port. Connections with a running request are cut.</summary>
    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync(new CancellationToken(canceled: true));
        await _app.DisposeAsync();
    }

    /// <summary>A host's usual lifetime would take Ctrl-C away from the test runner.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
