using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Configuration.Memory;

using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

using S3Overlay.Proxy.Configuration;
using S3Overlay.Proxy.Configuration.Checks;
using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Configuration.Reading;
using S3Overlay.Proxy.Telemetry;
using S3Overlay.ServiceDefaults;

namespace S3Overlay.Proxy.Hosting;

/// <summary>
/// Creates web application builders for S3 ports. They start from the empty one: host filtering, routing and forwarded headers, which
/// would trust every sender, are not needed here and would cost every request.
/// </summary>
internal static class ProxyBuilder
{
    private static readonly Dictionary<string, string?> Defaults = new()
    {
        ["Logging:LogLevel:Default"] = "Warning",
        ["Logging:LogLevel:S3Overlay"] = "Information",

        // If this category logs, every request costs an activity and a logging scope. The front door reports failures itself.
        ["Logging:LogLevel:Microsoft.AspNetCore.Hosting.Diagnostics"] = "None",

        // LayerCheck logs the start and end of trouble, not each check.
        ["Logging:LogLevel:Microsoft.Extensions.Diagnostics.HealthChecks"] = "None",

        // The command prints a failed start in one line.
        ["Logging:LogLevel:Microsoft.Extensions.Hosting.Internal.Host"] = "None",
        ["Logging:Console:FormatterName"] = "simple",
        ["Logging:Console:FormatterOptions:SingleLine"] = "true",
        ["Logging:Console:FormatterOptions:UseUtcTimestamp"] = "true",
        ["Logging:Console:FormatterOptions:TimestampFormat"] = "yyyy-MM-ddTHH:mm:ss.fffZ ",
    };

    /// <summary>Short names of settings on the command line.</summary>
    private static readonly Dictionary<string, string> Shorthands = new(StringComparer.OrdinalIgnoreCase)
        { ["--port"] = Settings.Port.Name };

    /// <summary>A builder with the settings of the environment and the command line.</summary>
    public static WebApplicationBuilder FromEnvironment(string[] arguments)
    {
        var builder = Create();
        builder.Configuration
            .AddJsonFile("appsettings.json", optional: true, reloadOnChange: false)
            .AddEnvironmentVariables("ASPNETCORE_")
            .AddEnvironmentVariables("DOTNET_")
            .AddEnvironmentVariables()
            .AddCommandLine(arguments, Shorthands);
        return builder;
    }

    /// <summary>A builder with only these settings.</summary>
    public static WebApplicationBuilder FromSettings(IEnumerable<KeyValuePair<string, string?>> settings)
    {
        var builder = Create();
        builder.Configuration.AddInMemoryCollection(settings);
        return builder;
    }

    /// <summary>Sets up logging, telemetry and the web server.</summary>
    public static void Configure(WebApplicationBuilder builder, ProxyOptions options)
    {
        builder.Logging.AddConfiguration(builder.Configuration.GetSection("Logging"));
        builder.Logging.AddConsole();
        builder.AddServiceDefaults(telemetry =>
        {
            telemetry.Name = "s3overlay";

            // The proxy's own spans know S3. Those of ASP.NET Core and the HTTP client would repeat them.
            telemetry.Tracing = static tracing => tracing.AddSource(Tracing.SourceName);
            telemetry.Metrics = static metrics => metrics.AddMeter(
                ProxyMeters.MeterName, "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Net.Http",
                "System.Runtime");
        });
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => KestrelSettings.Apply(kestrel, builder.Configuration));
        builder.WebHost.UseSockets(KestrelSettings.Apply);
        builder.Services.AddSingleton<IMemoryPoolFactory<byte>, ConnectionBuffers.Factory>();
        if (!options.Listen.IsFromSections)
        {
            builder.WebHost.UseUrls([.. options.Listen.Urls]);
        }
    }

    /// <summary>Reads the options. If a setting is invalid, prints what is wrong and returns null.</summary>
    public static ProxyOptions? ReadOptions(IConfiguration configuration, TextWriter errors, out ConfigurationProblems problems)
    {
        problems = new ConfigurationProblems();
        var options = ProxyOptionsReader.Read(configuration, problems);
        if (problems.Errors.Count == 0)
        {
            return options;
        }

        errors.WriteLine(problems.Describe());
        return null;
    }

    private static WebApplicationBuilder Create()
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.Configuration.Sources.Insert(0, new MemoryConfigurationSource { InitialData = Defaults });
        return builder;
    }
}
