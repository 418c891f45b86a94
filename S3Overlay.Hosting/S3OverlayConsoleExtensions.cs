using System.Net;
using System.Net.Sockets;

using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting;

/// <summary>Adds the web console of an overlay to the dashboard.</summary>
public static class S3OverlayConsoleExtensions
{
    /// <summary>
    /// Runs the overlay's web console, and shows it in the dashboard: its URL, and a command that signs you in. With replicas, each proxy
    /// has a console of its own on a free port, which only the command finds. A published application has no console.
    /// </summary>
    /// <param name="builder">The overlay.</param>
    /// <param name="port">The port of the console; null for a free one. With replicas it must be null.</param>
    public static IResourceBuilder<S3OverlayResource> WithConsole(this IResourceBuilder<S3OverlayResource> builder, int? port = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var overlay = builder.Resource;
        if (overlay.Console is not null || !builder.ApplicationBuilder.ExecutionContext.IsRunMode)
        {
            return builder;
        }

        // The console answers requests for its own port only, since cookies do not know ports: the orchestrator must not put another one
        // before it. Such an endpoint needs a number.
        overlay.Console = new(port, port ?? FreePort());
        builder.ApplicationBuilder.Eventing.Subscribe<BeforeStartEvent>((_, _) =>
        {
            if (overlay.Replicas == 1)
            {
                builder.WithHttpEndpoint(
                    overlay.Console.Port, overlay.Console.Port, S3OverlayResource.ConsoleEndpointName, isProxied: false);
            }

            return Task.CompletedTask;
        });
        return builder.WithUrlForEndpoint(S3OverlayResource.ConsoleEndpointName, static url => url.DisplayText = "Console");
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
