using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Diagnostics.HealthChecks;

using S3Overlay.Proxy.Configuration;
using S3Overlay.Proxy.FrontDoor;
using S3Overlay.Proxy.Telemetry;
using S3Overlay.ServiceDefaults;

namespace S3Overlay.Proxy.Hosting;

/// <summary>
/// A second server with only <c>/health</c>, <c>/alive</c> and <c>/metrics</c>, over plain HTTP and without signatures. Operators can keep
/// it on another network than S3.
/// </summary>
internal sealed class ManagementPort(WebApplication app) : IAsyncDisposable
{
    /// <summary>Its URL; the first one of several.</summary>
    public Uri Endpoint { get; private set; } = null!;

    /// <summary>Starts to listen.</summary>
    /// <param name="urls">The addresses.</param>
    /// <param name="hosts">The hosts that requests may name; null for any.</param>
    /// <param name="checks">The health checks.</param>
    /// <param name="metrics">The page of metrics.</param>
    /// <exception cref="StartupException">It cannot listen on an address.</exception>
    public static async Task<ManagementPort> StartAsync(IReadOnlyList<string> urls, KnownHosts? hosts, HealthCheckService checks,
        MetricsPage metrics)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());

        // It stops after the S3 port, and must not add to the time that takes. Its responses take milliseconds.
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(1));
        builder.WebHost.UseKestrelCore().UseUrls([.. urls]).ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = 0;
        });
        var app = builder.Build();
        var port = new ManagementPort(app);
        app.Run(context => AnswerAsync(context, hosts, checks, metrics));
        try
        {
            await app.StartAsync();
        }
        catch (Exception failure) when (StartupException.FromListening(failure, urls) is { } reason)
        {
            await port.DisposeAsync();
            throw reason;
        }

        port.Endpoint = new Uri(
            RunningProxy.Reachable(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()));
        return port;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await app.StopAsync();
        await app.DisposeAsync();
    }

    private static Task AnswerAsync(HttpContext context, KnownHosts? hosts, HealthCheckService checks, MetricsPage metrics)
    {
        if (hosts?.Contains(context.Request.Host.Value ?? "") == false)
        {
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
            return context.Response.WriteAsync($"This host is not known here: name it in {Settings.Hosts.Name}.\n", context.RequestAborted);
        }

        if (context.Request.Method is not ("GET" or "HEAD"))
        {
            context.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
            context.Response.Headers.Allow = "GET, HEAD";
            return Task.CompletedTask;
        }

        switch (context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget)
        {
            case HealthPage.HealthPath:
                return HealthPage.AnswerAsync(context, checks, null, saysWhy: true);
            case HealthPage.AlivePath:
                return HealthPage.AnswerAsync(context, checks, Extensions.Live);
            case Pipeline.MetricsPath:
                return Pipeline.AnswerMetricsAsync(context, metrics);
            default:
                context.Response.StatusCode = StatusCodes.Status404NotFound;
                return Task.CompletedTask;
        }
    }
}
