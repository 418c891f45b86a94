using Microsoft.Extensions.Configuration;

namespace S3Overlay.AppHost;

/// <summary>The stores that an application is run over.</summary>
internal static class StoreKinds
{
    private const string Setting = "S3Overlay:Stores";

    /// <summary>
    /// The kind that <c>S3Overlay:Stores</c> names: <c>minio</c> (default), <c>rustfs</c> or <c>embedded</c>. Nothing is probed: a choice
    /// that depends on the machine is none.
    /// </summary>
    public static StoreKind Read(IConfiguration configuration) => configuration[Setting]?.ToUpperInvariant() switch
    {
        null or "" or "MINIO" => StoreKind.Minio,
        "RUSTFS" => StoreKind.RustFs,
        "EMBEDDED" => StoreKind.Embedded,
        _ => throw new DistributedApplicationException($"{Setting} is \"{configuration[Setting]}\". Write minio, rustfs or embedded."),
    };

    /// <summary>
    /// Where built-in stores keep their data: below <c>S3Overlay:DataFolder</c>, else in the repository's <c>data/aspire</c>.
    /// </summary>
    public static string DataFolder(this IDistributedApplicationBuilder builder, string name) =>
        Path.GetFullPath(Path.Combine(builder.Configuration["S3Overlay:DataFolder"] ?? "../data/aspire", name), builder.AppHostDirectory);

    /// <summary>A store in a container, with keys of its own.</summary>
    /// <param name="builder">The application's builder.</param>
    /// <param name="kind">Which store.</param>
    /// <param name="name">The resource's name.</param>
    /// <param name="isKept">Whether its data, and the container, outlive the application.</param>
    public static IResourceBuilder<IResourceWithConnectionString> AddStore(
        this IDistributedApplicationBuilder builder, StoreKind kind, string name, bool isKept)
    {
        var user = builder.AddParameter($"{name}-user", "minioadmin", publishValueAsDefault: true);
        var password = builder.AddParameter($"{name}-password", new GenerateParameterDefault { MinLength = 24, Special = false },
            secret: true, persist: true);
        var store = kind == StoreKind.RustFs ? builder.AddRustFs(name, user, password) : builder.AddMinioContainer(name, user, password);
        return isKept ? store.WithDataVolume($"s3overlay-{name}").WithLifetime(ContainerLifetime.Persistent) : store;
    }
}

/// <summary>The kind of store for the local layer and the sample remote.</summary>
internal enum StoreKind
{
    /// <summary>MinIO, in containers.</summary>
    Minio,

    /// <summary>RustFS, in containers: the maintained successor.</summary>
    RustFs,

    /// <summary>The proxy's built-in store: no containers.</summary>
    Embedded,
}
