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

        overlay.Console = new(port, port ?? FreePort());
        return builder.WithConsoleEndpoint()
            .WithUrlForEndpoint(S3OverlayResource.ConsoleEndpointName, static url => url.DisplayText = "Console");
    }

    /// <summary>Adds the endpoint of the console, or removes it if there are replicas.</summary>
    internal static IResourceBuilder<S3OverlayResource> WithConsoleEndpoint(this IResourceBuilder<S3OverlayResource> builder)
    {
        var overlay = builder.Resource;
        foreach (var endpoint in overlay.Annotations.OfType<EndpointAnnotation>()
            .Where(static each => each.Name == S3OverlayResource.ConsoleEndpointName).ToList())
        {
            overlay.Annotations.Remove(endpoint);
        }

        // The console answers requests for its own port only, since cookies do not know ports: the orchestrator must not put another one
        // before it. Such an endpoint needs a number.
        return overlay is { Console: { } console, Replicas: 1 }
            ? builder.WithHttpEndpoint(console.Port, console.Port, S3OverlayResource.ConsoleEndpointName, isProxied: false) : builder;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
