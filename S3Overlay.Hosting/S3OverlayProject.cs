using System.Reflection;

using Aspire.Hosting;

namespace S3Overlay.Hosting;

/// <summary>Where the proxy's project was when this library was built: in the same checkout.</summary>
internal sealed class S3OverlayProject : IProjectMetadata
{
    private const string Key = "S3OverlayProxyProject";

    /// <inheritdoc/>
    public string ProjectPath { get; } = typeof(S3OverlayProject).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .First(pair => pair.Key == Key).Value!;
}
