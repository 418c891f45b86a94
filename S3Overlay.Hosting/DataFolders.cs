using Aspire.Hosting;

namespace S3Overlay.Hosting;

/// <summary>Where overlays keep their data unless they are told.</summary>
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
