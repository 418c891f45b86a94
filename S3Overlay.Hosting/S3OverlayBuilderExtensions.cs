using System.Reflection;

using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;

using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

using S3Overlay.Hosting;

namespace Aspire.Hosting;

/// <summary>Adds S3 overlays to an application model and configures them.</summary>
public static class S3OverlayBuilderExtensions
{
    /// <summary>
    /// Adds an S3 overlay: the proxy, run from its project in this library's own checkout. Without <see cref="WithLocal"/> it keeps writes
    /// in a data folder, without a remote it is a plain S3 server.
    /// </summary>
    /// <param name="builder">The application's builder.</param>
    /// <param name="name">The resource's name, and its connection string's.</param>
    /// <param name="accessKey">The access key clients sign with; null for a generated parameter, <c>NAME-access-key</c>.</param>
    /// <param name="secretKey">The secret key that belongs to it; null for a generated parameter, <c>NAME-secret-key</c>.</param>
    /// <param name="port">The port on the host; null for any.</param>
    public static IResourceBuilder<S3OverlayResource> AddS3Overlay(
        this IDistributedApplicationBuilder builder,
        [ResourceName] string name,
        IResourceBuilder<ParameterResource>? accessKey = null,
        IResourceBuilder<ParameterResource>? secretKey = null,
        int? port = null) => builder.AddS3Overlay<S3OverlayProject>(name, accessKey, secretKey, port);

    /// <summary>Adds an S3 overlay that runs another project of the proxy, such as one that the application host references.</summary>
    /// <typeparam name="TProject">The project's generated class, <c>Projects.S3Overlay_Proxy</c>.</typeparam>
    /// <param name="builder">The application's builder.</param>
    /// <param name="name">The resource's name, and its connection string's.</param>
    /// <param name="accessKey">The access key clients sign with; null for a generated parameter, <c>NAME-access-key</c>.</param>
    /// <param name="secretKey">The secret key that belongs to it; null for a generated parameter, <c>NAME-secret-key</c>.</param>
    /// <param name="port">The port on the host; null for any.</param>
    public static IResourceBuilder<S3OverlayResource> AddS3Overlay<TProject>(
        this IDistributedApplicationBuilder builder,
        [ResourceName] string name,
        IResourceBuilder<ParameterResource>? accessKey = null,
        IResourceBuilder<ParameterResource>? secretKey = null,
        int? port = null)
        where TProject : IProjectMetadata, new()
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(name);
        var resource = new S3OverlayResource(name, (accessKey ?? Generated("access-key")).Resource,
            (secretKey ?? Generated("secret-key")).Resource)
        {
            DataFolder = DataFolders.Default(builder, name),
        };
        builder.Eventing.Subscribe<BeforeStartEvent>((_, _) =>
        {
            resource.Check();
            return Task.CompletedTask;
        });

        // What AddProject does for a project: telemetry, addresses, console logs. A resource type of one's own has to ask for it, and
        // asking counts as an experiment.
#pragma warning disable ASPIREPROJECTS001
        return builder.AddResource(resource)
            .WithAnnotation(new TProject())
            .WithProjectDefaults(new ProjectResourceOptions { ExcludeLaunchProfile = true })
#pragma warning restore ASPIREPROJECTS001
            .WithIconName("Layer")
            .WithHttpEndpoint(port: port, name: S3OverlayResource.PrimaryEndpointName)
            .WithHttpHealthCheck("/health", endpointName: S3OverlayResource.PrimaryEndpointName)
            .WithUrlForEndpoint(S3OverlayResource.PrimaryEndpointName, url => url.DisplayText = "S3 endpoint")
            .WithUrlForEndpoint(S3OverlayResource.PrimaryEndpointName, _ => new() { Url = "/metrics", DisplayText = "Metrics" })
            .WithEnvironment("S3_OVERLAY_ACCESS_KEY", resource.AccessKey)
            .WithEnvironment("S3_OVERLAY_SECRET_KEY", resource.SecretKey)
            .WithEnvironment(resource.Describe)
            .WithAdministration()
            .WithEndpointsInEnvironment(static endpoint => endpoint.Name != S3OverlayResource.ConsoleEndpointName);

        IResourceBuilder<ParameterResource> Generated(string what) =>
            builder.AddParameter($"{name}-{what}", new GenerateParameterDefault { MinLength = 22, Special = false }, secret: true,
                persist: true);
    }

    /// <summary>Adds a bucket, which is created once the overlay is ready. Whatever waits for the bucket waits until it is there.</summary>
    /// <param name="builder">The overlay.</param>
    /// <param name="name">The resource's name, and its connection string's.</param>
    /// <param name="bucketName">The bucket's name in S3; null for the resource's name.</param>
    /// <exception cref="ArgumentException">S3 has no such bucket names: 3 to 63 lower-case letters, digits, dots and hyphens.</exception>
    /// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html</remarks>
    public static IResourceBuilder<S3OverlayBucketResource> AddBucket(this IResourceBuilder<S3OverlayResource> builder,
        [ResourceName] string name, string? bucketName = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(name);
        bucketName ??= name;
        if (bucketName.Length is < 3 or > 63
            || bucketName.Any(c => !char.IsAsciiLetterLower(c) && !char.IsAsciiDigit(c) && c is not ('-' or '.')))
        {
            throw new ArgumentException($"\"{bucketName}\" is not a bucket name. Use 3 to 63 lower-case letters, digits, dots and hyphens.",
                nameof(bucketName));
        }

        var bucket = new S3OverlayBucketResource(name, bucketName, builder.Resource);
        var check = $"{name}_bucket";
        builder.ApplicationBuilder.Services.AddHttpClient();
        builder.ApplicationBuilder.Services.AddHealthChecks().Add(new HealthCheckRegistration(
            check, services => new BucketCalls(bucket, services.GetRequiredService<IHttpClientFactory>()), failureStatus: null,
            tags: null));
        builder.OnResourceReady((_, ready, cancellationToken) => BucketCalls.CreateAsync(bucket, ready.Services, cancellationToken));
        return builder.ApplicationBuilder.AddResource(bucket).WithIconName("FolderOpen").WithHealthCheck(check);
    }

    /// <summary>
    /// Stores writes in this S3 endpoint (MinIO, RustFS, another overlay, a connection string) instead of the built-in store.
    /// </summary>
    public static IResourceBuilder<S3OverlayResource> WithLocal(this IResourceBuilder<S3OverlayResource> builder,
        IResourceBuilder<IResourceWithConnectionString> local)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(local);
        builder.Resource.Local = local.Resource;
        return builder.WithReference(local, "local");
    }

    /// <summary>Reads fall through to this S3 endpoint, which is only ever read.</summary>
    public static IResourceBuilder<S3OverlayResource> WithRemote(this IResourceBuilder<S3OverlayResource> builder,
        IResourceBuilder<IResourceWithConnectionString> remote)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(remote);
        builder.Resource.Remote = remote.Resource;
        return builder.WithReference(remote, "remote");
    }

    /// <summary>
    /// A further S3 endpoint that is only ever read, for some buckets or parts of buckets. Called once for each, beside
    /// <see cref="WithRemote(IResourceBuilder{S3OverlayResource}, IResourceBuilder{IResourceWithConnectionString})"/> or without it.
    /// </summary>
    /// <param name="builder">The overlay.</param>
    /// <param name="name">The remote's name, in the proxy's settings and messages: letters, digits, <c>-</c> and <c>_</c>, a letter
    /// first.</param>
    /// <param name="remote">The endpoint.</param>
    /// <param name="backs">What it has: <c>bucket</c>, <c>bucket/prefix/</c>, <c>here:there</c>, <c>here/prefix/:there/other/</c>, or
    /// <c>*</c> for all that is not named.</param>
    /// <exception cref="ArgumentException">The name is no name or taken, or it is not said what the remote has.</exception>
    public static IResourceBuilder<S3OverlayResource> WithRemote(
        this IResourceBuilder<S3OverlayResource> builder, string name, IResourceBuilder<IResourceWithConnectionString> remote,
        params string[] backs)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(remote);
        ArgumentNullException.ThrowIfNull(backs);
        builder.Resource.NamedRemotes.Add(name, backs);
        return builder.WithReference(remote, NamedRemotes.ConnectionOf(name));
    }

    /// <summary>
    /// A bucket here is a bucket of the remote, or what is below a prefix of it (<c>bucket/prefix</c>). Called once for each.
    /// </summary>
    /// <exception cref="ArgumentException">The bucket is mapped already, or a name has a character of the setting's own.</exception>
    public static IResourceBuilder<S3OverlayResource> WithBucketMapping(
        this IResourceBuilder<S3OverlayResource> builder, string local, string remote)
    {
        ArgumentNullException.ThrowIfNull(builder);
        CheckName(local, nameof(local));
        CheckName(remote, nameof(remote));
        return builder.Resource.Mapping.TryAdd(local, remote) ? builder
            : throw new ArgumentException($"The bucket {local} is mapped already.", nameof(local));
    }

    /// <summary>What is read from the remote is kept.</summary>
    public static IResourceBuilder<S3OverlayResource> WithCaching(this IResourceBuilder<S3OverlayResource> builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.WithEnvironment("S3_OVERLAY_CACHE_ENABLED", "true");
    }

    /// <summary>
    /// Sets the built-in store's folder on this machine; a relative path is below the application host's. The default is a folder by
    /// application host and resource, among the user's own data. A published application does not name it: a folder of this machine means
    /// nothing there.
    /// </summary>
    public static IResourceBuilder<S3OverlayResource> WithDataFolder(this IResourceBuilder<S3OverlayResource> builder, string folder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(folder);
        builder.Resource.DataFolder = Path.GetFullPath(folder, builder.ApplicationBuilder.AppHostDirectory);
        return builder;
    }

    /// <summary>
    /// Runs several proxies over the local endpoint. Only one proxy can use a data folder: without <see cref="WithLocal"/> the application
    /// does not start.
    /// </summary>
    public static IResourceBuilder<S3OverlayResource> WithReplicas(this IResourceBuilder<S3OverlayResource> builder, int replicas)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentOutOfRangeException.ThrowIfLessThan(replicas, 1);
        builder.Resource.Replicas = replicas;
        return builder.WithAnnotation(new ReplicaAnnotation(replicas), ResourceAnnotationMutationBehavior.Replace).WithConsoleEndpoint();
    }

    /// <summary>Injects an overlay's connection string. An overlay is also a project, which Aspire would inject as its addresses.</summary>
    public static IResourceBuilder<TDestination> WithReference<TDestination>(
        this IResourceBuilder<TDestination> builder, IResourceBuilder<S3OverlayResource> source, string? connectionName = null)
        where TDestination : IResourceWithEnvironment
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(source);
        IResourceBuilder<IResourceWithConnectionString> connection = source;

        // A project has no connection string in a manifest, so the manifest gets its parts.
        return builder.WithReference(connection, connectionName)
            .WithEnvironment($"ConnectionStrings__{connectionName ?? source.Resource.Name}", source.Resource.ConnectionStringExpression);
    }

    private static void CheckName(string name, string parameter)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name, parameter);
        if (name.AsSpan().IndexOfAny(":,{} ") >= 0)
        {
            throw new ArgumentException($"\"{name}\" is no name of a bucket.", parameter);
        }
    }
}

/// <summary>Where the proxy's project was when this library was built: in the same checkout.</summary>
internal sealed class S3OverlayProject : IProjectMetadata
{
    private const string Key = "S3OverlayProxyProject";

    /// <inheritdoc/>
    public string ProjectPath { get; } = typeof(S3OverlayProject).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .First(pair => pair.Key == Key).Value!;
}

/// <summary>The default data folders of overlays.</summary>
internal static class DataFolders
{
    /// <summary>
    /// A folder for one resource of one application host: like the names that Aspire gives to volumes, it has the application's name and a
    /// hash of the project's path, so that two checkouts do not share it. It is outside the project, whose build would otherwise look
    /// through it.
    /// </summary>
    public static string Default(IDistributedApplicationBuilder builder, string resource)
    {
        var data = Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData);
        var checkout = builder.Configuration["AppHost:PathSha256"] is { Length: >= 10 } hash ? $"-{hash[..10].ToLowerInvariant()}" : "";
        return Path.Combine(data.Length > 0 ? data : builder.AppHostDirectory, "s3overlay", builder.Environment.ApplicationName + checkout,
            resource);
    }
}
