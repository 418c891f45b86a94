using Amazon.Runtime;
using Amazon.Runtime.Internal;
using Amazon.S3;

using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

using OpenTelemetry.Trace;

using S3Overlay.Client;

namespace Microsoft.Extensions.Hosting;

/// <summary>Registers S3 clients by the name of their connection, with health check and spans.</summary>
public static class S3ClientBuilderExtensions
{
    private const string Section = "Aspire:S3Overlay:Client";

    /// <summary>
    /// Adds an <see cref="IAmazonS3"/>, created on first use. An incomplete connection throws <see cref="InvalidOperationException"/> then.
    /// </summary>
    /// <param name="builder">The application's builder.</param>
    /// <param name="connectionName">The connection string's name: that of the resource in the application host.</param>
    /// <param name="configureSettings">Changes the settings after they have been read.</param>
    /// <param name="configureClient">Changes the SDK's own configuration.</param>
    public static void AddS3Client(
        this IHostApplicationBuilder builder, string connectionName, Action<S3ClientSettings>? configureSettings = null,
        Action<AmazonS3Config>? configureClient = null) =>
        Add(builder, connectionName, null, configureSettings, configureClient);

    /// <summary>The same under a service key: several endpoints in one application.</summary>
    /// <param name="builder">The application's builder.</param>
    /// <param name="name">The service key, and the connection string's name.</param>
    /// <param name="configureSettings">Changes the settings after they have been read.</param>
    /// <param name="configureClient">Changes the SDK's own configuration.</param>
    public static void AddKeyedS3Client(
        this IHostApplicationBuilder builder, string name, Action<S3ClientSettings>? configureSettings = null,
        Action<AmazonS3Config>? configureClient = null) =>
        Add(builder, name, name, configureSettings, configureClient);

    private static void Add(
        IHostApplicationBuilder builder, string connectionName, object? key, Action<S3ClientSettings>? configureSettings,
        Action<AmazonS3Config>? configureClient)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(connectionName);
        var settings = new S3ClientSettings();
        builder.Configuration.GetSection(Section).Bind(settings);
        builder.Configuration.GetSection($"{Section}:{connectionName}").Bind(settings);
        if (builder.Configuration.GetConnectionString(connectionName) is { } injected)
        {
            settings.ConnectionString = injected;
        }

        configureSettings?.Invoke(settings);
        builder.Services.AddKeyedSingleton<IAmazonS3>(key, (_, _) => Create(settings, connectionName, configureClient));
        if (!settings.DisableHealthChecks)
        {
            builder.Services.AddHealthChecks().Add(new HealthCheckRegistration(
                $"S3_{connectionName}",
                services => new S3HealthCheck(services.GetRequiredKeyedService<IAmazonS3>(key)),
                failureStatus: null,
                tags: null));
        }

        if (!settings.DisableTracing)
        {
            builder.Services.ConfigureOpenTelemetryTracerProvider(tracing => tracing.AddSource(CallSpans.SourceName));
        }
    }

    private static AmazonS3Client Create(S3ClientSettings settings, string connectionName, Action<AmazonS3Config>? configureClient)
    {
        Complete(settings, connectionName);
        var configuration = new AmazonS3Config
        {
            ServiceURL = settings.Endpoint!.ToString(),
            AuthenticationRegion = settings.Region,
            ForcePathStyle = settings.ForcePathStyle,
        };
        configureClient?.Invoke(configuration);
        var credentials = new BasicAWSCredentials(settings.AccessKey, settings.SecretKey);
        return settings.DisableTracing ? new AmazonS3Client(credentials, configuration) : new TracedS3Client(credentials, configuration);
    }

    /// <summary>Reads the connection string into the settings, and checks that nothing is missing.</summary>
    private static void Complete(S3ClientSettings settings, string connectionName)
    {
        try
        {
            if (!string.IsNullOrWhiteSpace(settings.ConnectionString))
            {
                S3ConnectionString.Apply(settings.ConnectionString, settings);
            }
            else if (settings.Endpoint is null)
            {
                throw new FormatException("is missing.");
            }

            if (S3ConnectionString.WhatIsMissing(settings) is { } missing)
            {
                throw new FormatException(missing);
            }
        }
        catch (FormatException problem)
        {
            throw new InvalidOperationException(
                $"The connection string of the S3 client \"{connectionName}\" {problem.Message} "
                + $"It is read from ConnectionStrings:{connectionName}, else from {Section}:{connectionName}:ConnectionString "
                + $"or {Section}:ConnectionString, which may also have Endpoint, AccessKey and SecretKey as separate keys.");
        }
    }
}

/// <summary>AWS's client with a span around every call, its retries included.</summary>
internal sealed class TracedS3Client(AWSCredentials credentials, AmazonS3Config configuration) : AmazonS3Client(credentials, configuration)
{
    /// <inheritdoc/>
    protected override void CustomizeRuntimePipeline(RuntimePipeline pipeline)
    {
        base.CustomizeRuntimePipeline(pipeline);
        pipeline.AddHandler(new CallSpans());
    }
}
