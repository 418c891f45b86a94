using S3Overlay.Proxy.Telemetry;
using S3Overlay.ServiceDefaults;

namespace S3Overlay.Proxy.Hosting;

/// <summary>The order in which a request on the S3 port is looked at.</summary>
internal static class Pipeline
{
    /// <summary>Health and metrics where nobody signed; everything else is S3.</summary>
    public static void UseProxyPipeline(this WebApplication app, MetricsPage metrics, RequestDelegate frontDoor)
    {
        app.MapDefaultEndpoints();
        app.UseOperationsEndpoints(metrics);
        app.Run(frontDoor);
    }
}
