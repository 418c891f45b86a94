namespace Aspire.Hosting;

/// <summary>MinIO and RustFS in containers, under the method names of the Community Toolkit, so that its packages can take over.</summary>
internal static class StoreBuilderExtensions
{
    /// <summary>
    /// Adds MinIO: S3 on port 9000, its console on port 9001. The image comes from quay.io, since Docker Hub no longer has it.
    /// </summary>
    public static IResourceBuilder<StoreResource> AddMinioContainer(
        this IDistributedApplicationBuilder builder, [ResourceName] string name, IResourceBuilder<ParameterResource> rootUser,
        IResourceBuilder<ParameterResource> rootPassword) => builder
        .AddStore(name, rootUser, rootPassword, "quay.io", "minio/minio", "RELEASE.2025-09-07T16-13-09Z", "/minio/health/cluster")
        .WithArgs("server", "/data", "--console-address", ":9001")
        .WithEnvironment("MINIO_ROOT_USER", rootUser)
        .WithEnvironment("MINIO_ROOT_PASSWORD", rootPassword);

    /// <summary>Adds RustFS: S3 on port 9000, its console on port 9001.</summary>
    public static IResourceBuilder<StoreResource> AddRustFs(
        this IDistributedApplicationBuilder builder, [ResourceName] string name, IResourceBuilder<ParameterResource> accessKey,
        IResourceBuilder<ParameterResource> secretKey) => builder
        .AddStore(name, accessKey, secretKey, "docker.io", "rustfs/rustfs", "1.0.0-beta.8", "/health")
        .WithEnvironment("RUSTFS_ADDRESS", ":9000")
        .WithEnvironment("RUSTFS_CONSOLE_ADDRESS", ":9001")
        .WithEnvironment("RUSTFS_ACCESS_KEY", accessKey)
        .WithEnvironment("RUSTFS_SECRET_KEY", secretKey);

    /// <summary>Keeps the store's data in a named volume.</summary>
    public static IResourceBuilder<StoreResource> WithDataVolume(this IResourceBuilder<StoreResource> builder, string name) =>
        builder.WithVolume(name, "/data");

    private static IResourceBuilder<StoreResource> AddStore(
        this IDistributedApplicationBuilder builder,
        string name,
        IResourceBuilder<ParameterResource> accessKey,
        IResourceBuilder<ParameterResource> secretKey,
        string registry,
        string image,
        string tag,
        string health) => builder
        .AddResource(new StoreResource(name, accessKey.Resource, secretKey.Resource))
        .WithImage(image, tag)
        .WithImageRegistry(registry)
        .WithIconName("HardDrive")
        .WithHttpEndpoint(targetPort: 9000, name: "http")
        .WithHttpEndpoint(targetPort: 9001, name: "console")
        .WithUrlForEndpoint("http", url => url.DisplayText = "S3 endpoint")
        .WithUrlForEndpoint("console", url => url.DisplayText = "Console")
        .WithHttpHealthCheck(health, endpointName: "http");
}
