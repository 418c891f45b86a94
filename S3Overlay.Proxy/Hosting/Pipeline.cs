using Microsoft.AspNetCore.HttpOverrides;

using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.FrontDoor;
using S3Overlay.Proxy.Telemetry;
using S3Overlay.ServiceDefaults;

namespace S3Overlay.Proxy.Hosting;

/// <summary>The order in which a request on the S3 port is handled.</summary>
internal static class Pipeline
{
    /// <summary>Applies trusted forwarding headers, answers unsigned health and metrics requests, and passes the rest to S3.</summary>
    public static void UseProxyPipeline(this WebApplication app, ClientOptions clients, MetricsPage metrics, RequestDelegate frontDoor)
    {
        var trustedProxies = clients.TrustedProxies;
        if (trustedProxies.Count > 0)
        {
            app.UseForwardedHeaders(Forwarded(trustedProxies));
        }

        if (GuardOf(clients) is { } hosts)
        {
            // The front door refuses other hosts.
            app.Use(next => context => hosts.Contains(context.Request.Host.Value ?? "") ? next(context) : frontDoor(context));
        }

        app.MapDefaultEndpoints();
        app.UseOperationsEndpoints(metrics);
        app.Run(frontDoor);
    }

    /// <summary>The hosts that requests may name; null for any.</summary>
    public static KnownHosts? GuardOf(ClientOptions clients) => clients.IsOpenToAll ? new KnownHosts(clients.Domain, clients.Hosts) : null;

    /// <summary>Each proxy appends to these headers. They are read from the end, for as long as the sender is trusted.</summary>
    private static ForwardedHeadersOptions Forwarded(IReadOnlyList<System.Net.IPNetwork> trustedProxies)
    {
        var options = new ForwardedHeadersOptions
        {
            ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedHost | ForwardedHeaders.XForwardedProto,
            ForwardLimit = null,
        };

        // Loopback is trusted by default in ASP.NET Core. Not here.
        options.KnownProxies.Clear();
        options.KnownIPNetworks.Clear();
        foreach (var network in trustedProxies)
        {
            options.KnownIPNetworks.Add(network);
        }

        return options;
    }
}
