using System.Text;

using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.HttpOverrides;

using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.FrontDoor;
using S3Overlay.Proxy.Hosting.WebConsole;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Telemetry;
using S3Overlay.ServiceDefaults;

namespace S3Overlay.Proxy.Hosting;

/// <summary>The order in which a request on the S3 port is handled.</summary>
internal static class Pipeline
{
    public const string MetricsPath = "/metrics";

    private static readonly byte[] Robots = "User-agent: *\nDisallow: /\n"u8.ToArray();

    /// <summary>Applies trusted forwarding headers, responds to unsigned health and metrics requests, and passes the rest to S3.</summary>
    public static void UseProxyPipeline(
        this WebApplication app, ClientOptions clients, MetricsPage metrics, RequestDelegate frontDoor, Func<ConsolePort?> console)
    {
        var trustedProxies = clients.TrustedProxies;
        if (trustedProxies.Count > 0)
        {
            app.UseForwardedHeaders(Forwarded(trustedProxies));
        }

        if (clients.WebsiteDomain is { } domain)
        {
            // A website has its own robots.txt, and no metrics.
            app.Use(next => context => RequestTarget.BucketOfHost(context.Request.Host.Value ?? "", domain) is null
                ? next(context) : frontDoor(context));
        }

        if (GuardOf(clients) is { } hosts)
        {
            // The front door refuses other hosts.
            app.Use(next => context => hosts.Contains(context.Request.Host.Value ?? "") ? next(context) : frontDoor(context));
        }

        app.MapDefaultEndpoints();
        app.Use(next => OperationsEndpoints(next, metrics, console));
        app.Run(frontDoor);
    }

    /// <summary>The hosts that requests may name; null for any.</summary>
    public static KnownHosts? GuardOf(ClientOptions clients) => !clients.IsOpenToAll ? null
        : new KnownHosts(clients.Domain, clients.WebsiteDomain is { } site ? [.. clients.Hosts, "*." + site] : clients.Hosts);

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

    /// <summary>
    /// Responds to unsigned requests for metrics, <c>robots.txt</c>, <c>favicon.ico</c>, and a browser's for <c>/-/</c>. Signed requests
    /// pass: a bucket named <c>metrics</c> stays usable.
    /// </summary>
    private static RequestDelegate OperationsEndpoints(
        RequestDelegate next, MetricsPage metrics, Func<ConsolePort?> console) => context =>
    {
        // None of these targets is longer than twelve characters: the length alone rules out most requests.
        var target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        return target.Length > 12 || !UnsignedGet.Is(context, target)
            ? next(context)
            : target switch
            {
                MetricsPath => AnswerMetricsAsync(context, metrics),
                "/robots.txt" => AnswerAsync(context, "text/plain", Robots),
                "/favicon.ico" => AnswerEmpty(context),
                "/-" or "/-/" when IsOfBrowser(context.Request) && console()?.UrlFor(context.Request) is { } url =>
                    Redirect(context, url),
                _ => next(context),
            };
    };

    /// <summary>Responds with the page of metrics.</summary>
    public static Task AnswerMetricsAsync(HttpContext context, MetricsPage metrics) =>
        AnswerAsync(context, MetricsPage.ContentType, Encoding.UTF8.GetBytes(metrics.Render()));

    private static bool IsOfBrowser(HttpRequest request) =>
        request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase);

    /// <summary>Sends a browser to the console. Clients keep getting the administration's errors.</summary>
    private static Task Redirect(HttpContext context, Uri console)
    {
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Redirect(console.ToString());
        return Task.CompletedTask;
    }

    private static Task AnswerEmpty(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }

    private static async Task AnswerAsync(HttpContext context, string contentType, byte[] body)
    {
        context.Response.ContentType = contentType;
        context.Response.ContentLength = body.Length;
        if (context.Request.Method == "GET")
        {
            await context.Response.Body.WriteAsync(body, context.RequestAborted);
        }
    }
}
