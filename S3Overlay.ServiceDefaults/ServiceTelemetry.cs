namespace S3Overlay.ServiceDefaults;

/// <summary>What a service exports, and as whom. <c>OTEL_SERVICE_NAME</c> and <c>OTEL_RESOURCE_ATTRIBUTES</c> have the last word on the latter.</summary>
public sealed class ServiceTelemetry
{
    /// <summary>The service's name; unless it is set, the application's.</summary>
    public string? Name { get; set; }

    /// <summary>The service's version; unless it is set, that of the program.</summary>
    public string? Version { get; set; }

    /// <summary>
    /// The sources whose spans are exported; a name may end with <c>*</c>. Unless they are changed: the web server's own, .NET's HTTP client, and all of this solution.
    /// </summary>
    /// <remarks>https://learn.microsoft.com/dotnet/core/diagnostics/distributed-tracing-builtin-activities</remarks>
    public ICollection<string> Sources { get; } = ["Microsoft.AspNetCore", "System.Net.Http", "S3Overlay.*"];

    /// <summary>The meters that are exported.</summary>
    /// <remarks>https://learn.microsoft.com/dotnet/core/diagnostics/built-in-metrics</remarks>
    public ICollection<string> Meters { get; } =
        ["Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Net.Http", "System.Runtime", "S3Overlay.*"];
}
