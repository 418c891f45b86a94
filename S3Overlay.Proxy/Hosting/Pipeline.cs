using Microsoft.AspNetCore.HttpOverrides;

using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Telemetry;
using S3Overlay.ServiceDefaults;

namespace S3Overlay.Proxy.Hosting;

/// <summary>The order in which a request on the S3 port is looked at.</summary>
internal static class Pipeline
{
    /// <summary>What trusted proxies say of the client first; health and metrics where nobody signed; everything else is S3.</summary>
    public static void UseProxyPipeline(this WebApplication app, ClientOptions clients, MetricsPage metrics, RequestDelegate frontDoor)
    {
        var trustedProxies = clients.TrustedProxies;
        if (trustedProxies.Count > 0)
        {
            app.UseForwardedHeaders(Forwarded(trustedProxies));
        }

        if (FrontDoorSetup.GuardOf(clients) is { } hosts)
        {
            // The front door refuses what names another host.
            app.Use(next => context => hosts.Contains(context.Request.Host.Value ?? "") ? next(context) : frontDoor(context));
        }

        app.MapDefaultEndpoints();
        app.UseOperationsEndpoints(metrics);
        app.Run(frontDoor);
    }

    /// <summary>
    /// Each proxy adds to the end of the lists what it saw: they are believed from there on, as long as who wrote is trusted, and no
    /// further.
    /// </summary>
    private static ForwardedHeadersOptions Forwarded(IReadOnlyList<System.Net.IPNetwork> trustedProxies)
    {
        var options = new ForwardedHeadersOptions
        {
            ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedHost | ForwardedHeaders.XForwardedProto,
            ForwardLimit = null,
        };

        // Loopback is among them unless said otherwise: whoever runs on this machine is no proxy for that.
        options.KnownProxies.Clear();
        options.KnownIPNetworks.Clear();
        foreach (var network in trustedProxies)
        {
            options.KnownIPNetworks.Add(network);
        }

        return options;
    }
}
