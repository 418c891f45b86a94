using Aspire.Hosting.ApplicationModel;

using S3Overlay.Hosting;

namespace Aspire.Hosting;

/// <summary>Adds S3 overlays to an application, and says what they are over.</summary>
public static class S3OverlayBuilderExtensions
{
    /// <summary>
    /// Adds an S3 overlay: the proxy, run from its project in this library's own checkout. Without <see cref="WithLocal"/> it keeps what is written in a folder of its own,
    /// without a remote it is a plain S3 server.
    /// </summary>
    /// <param name="builder">The application's builder.</param>
    /// <param name="name">The resource's name, and its connection string's.</param>
    /// <param name="accessKey">The access key clients sign with; null for a generated one.</param>
    /// <param name="secretKey">The secret key that belongs to it; null for a generated one.</param>
    /// <param name="port">The port on the host; null for any.</param>
    public static IResourceBuilder<S3OverlayResource> AddS3Overlay(
        this IDistributedApplicationBuilder builder,
        [ResourceName] string name,
        IResourceBuilder<ParameterResource>? accessKey = null,
        IResourceBuilder<ParameterResource>? secretKey = null,
        int? port = null) => builder.AddS3Overlay<S3OverlayProject>(name, accessKey, secretKey, port);

    /// <summary>The same with another project of the proxy, such as one that the application host references.</summary>
    /// <typeparam name="TProject">The project's generated class, <c>Projects.S3Overlay_Proxy</c>.</typeparam>
    /// <param name="builder">The application's builder.</param>
    /// <param name="name">The resource's name, and its connection string's.</param>
    /// <param name="accessKey">The access key clients sign with; null for a generated one.</param>
    /// <param name="secretKey">The secret key that belongs to it; null for a generated one.</param>
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
        var resource = new S3OverlayResource(name, accessKey?.Resource ?? Generated("access-key"), secretKey?.Resource ?? Generated("secret-key"));

        // What AddProject does for a project: telemetry, addresses, console logs. A resource type of one's own has to ask for it, and asking counts as an experiment.
#pragma warning disable ASPIREPROJECTS001
        return builder.AddResource(resource)
            .WithAnnotation(new TProject())
            .WithProjectDefaults(new ProjectResourceOptions { ExcludeLaunchProfile = true })
#pragma warning restore ASPIREPROJECTS001
            .WithHttpEndpoint(port: port, name: S3OverlayResource.PrimaryEndpointName)
            .WithHttpHealthCheck("/health", endpointName: S3OverlayResource.PrimaryEndpointName)
            .WithUrlForEndpoint(S3OverlayResource.PrimaryEndpointName, url => url.DisplayText = "S3 endpoint")
            .WithUrlForEndpoint(S3OverlayResource.PrimaryEndpointName, _ => new() { Url = "/metrics", DisplayText = "Metrics" })
            .WithEnvironment("S3_OVERLAY_ACCESS_KEY", resource.AccessKey)
            .WithEnvironment("S3_OVERLAY_SECRET_KEY", resource.SecretKey)
            .WithEnvironment(context => Describe(resource, context.EnvironmentVariables))
            .WithAdministration();

        ParameterResource Generated(string what) => ParameterResourceBuilderExtensions.CreateDefaultPasswordParameter(builder, $"{name}-{what}", special: false);
    }

    /// <summary>Everything written is in this S3 endpoint (MinIO, RustFS, another overlay, a connection string), in place of the built-in store.</summary>
    public static IResourceBuilder<S3OverlayResource> WithLocal(this IResourceBuilder<S3OverlayResource> builder, IResourceBuilder<IResourceWithConnectionString> local)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(local);
        builder.Resource.Local = local.Resource;
        return builder.WithReference(local, "local");
    }

    /// <summary>Reads fall through to this S3 endpoint, which is only ever read.</summary>
    public static IResourceBuilder<S3OverlayResource> WithRemote(this IResourceBuilder<S3OverlayResource> builder, IResourceBuilder<IResourceWithConnectionString> remote)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(remote);
        builder.Resource.Remote = remote.Resource;
        return builder.WithReference(remote, "remote");
    }

    /// <summary>
    /// A further S3 endpoint that is only ever read, for some buckets or parts of buckets. Called once for each, beside <see cref="WithRemote(IResourceBuilder{S3OverlayResource}, IResourceBuilder{IResourceWithConnectionString})"/> or without it.
    /// </summary>
    /// <param name="builder">The overlay.</param>
    /// <param name="name">The remote's name, in the proxy's settings and messages: letters, digits, <c>-</c> and <c>_</c>, a letter first.</param>
    /// <param name="remote">The endpoint.</param>
    /// <param name="backs">What it has: <c>bucket</c>, <c>bucket/prefix/</c>, <c>here:there</c>, <c>here/prefix/:there/other/</c>, or <c>*</c> for all that is not named.</param>
    /// <exception cref="ArgumentException">The name is no name or taken, or it is not said what the remote has.</exception>
    public static IResourceBuilder<S3OverlayResource> WithRemote(
        this IResourceBuilder<S3OverlayResource> builder, string name, IResourceBuilder<IResourceWithConnectionString> remote, params string[] backs)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(remote);
        ArgumentNullException.ThrowIfNull(backs);
        builder.Resource.NamedRemotes.Add(name, backs);
        return builder.WithReference(remote, NamedRemotes.ConnectionOf(name));
    }

    /// <summary>A bucket here is a bucket of the remote, or what is below a prefix of it (<c>bucket/prefix</c>). Called once for each.</summary>
    /// <exception cref="ArgumentException">The bucket is mapped already, or a name has a character of the setting's own.</exception>
    public static IResourceBuilder<S3OverlayResource> WithBucketMapping(this IResourceBuilder<S3OverlayResource> builder, string local, string remote)
    {
        ArgumentNullException.ThrowIfNull(builder);
        CheckName(local, nameof(local));
        CheckName(remote, nameof(remote));
        return builder.Resource.Mapping.TryAdd(local, remote) ? builder : throw new ArgumentException($"The bucket {local} is mapped already.", nameof(local));
    }

    /// <summary>What is read from the remote is kept.</summary>
    public static IResourceBuilder<S3OverlayResource> WithCaching(this IResourceBuilder<S3OverlayResource> builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.WithEnvironment("S3_OVERLAY_CACHE_ENABLED", "true");
    }

    /// <summary>The built-in store's folder; a relative one is below the application host's.</summary>
    public static IResourceBuilder<S3OverlayResource> WithDataFolder(this IResourceBuilder<S3OverlayResource> builder, string folder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(folder);
        return builder.WithEnvironment("S3_OVERLAY_DATA_DIR", Path.GetFullPath(folder, builder.ApplicationBuilder.AppHostDirectory));
    }

    /// <summary>So many proxies share the local endpoint, and know it. A data folder has one owner: without <see cref="WithLocal"/> it is an error when the application starts.</summary>
    public static IResourceBuilder<S3OverlayResource> WithReplicas(this IResourceBuilder<S3OverlayResource> builder, int replicas)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentOutOfRangeException.ThrowIfLessThan(replicas, 1);
        builder.Resource.Replicas = replicas;
        return builder.WithAnnotation(new ReplicaAnnotation(replicas), ResourceAnnotationMutationBehavior.Replace);
    }

    /// <summary>Injects an overlay's connection string. An overlay is a project, too, and a project by itself would be injected as its addresses.</summary>
    public static IResourceBuilder<TDestination> WithReference<TDestination>(
        this IResourceBuilder<TDestination> builder, IResourceBuilder<S3OverlayResource> source, string? connectionName = null)
        where TDestination : IResourceWithEnvironment
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(source);
        IResourceBuilder<IResourceWithConnectionString> connection = source;

        // A manifest has no connection strings of projects to refer to: it gets the string's own parts.
        return builder.WithReference(connection, connectionName)
            .WithEnvironment($"ConnectionStrings__{connectionName ?? source.Resource.Name}", source.Resource.ConnectionStringExpression);
    }

    private static void Describe(S3OverlayResource resource, Dictionary<string, object> environment)
    {
        if (resource.Replicas > 1)
        {
            environment["S3_OVERLAY_PROXIES"] = resource.Local is null
                ? throw new DistributedApplicationException($"{resource.Name} has {resource.Replicas} replicas and keeps what is written in a folder, which has one owner. Call WithLocal.")
                : resource.Replicas.ToString(System.Globalization.CultureInfo.InvariantCulture);
        }

        foreach (var (setting, value) in resource.NamedRemotes.Settings)
        {
            environment[setting] = value;
        }

        if (resource.Mapping.Count > 0)
        {
            environment["S3_OVERLAY_BUCKET_MAPPING"] = string.Join(',', resource.Mapping.Select(pair => $"{pair.Key}:{pair.Value}"));
        }
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
