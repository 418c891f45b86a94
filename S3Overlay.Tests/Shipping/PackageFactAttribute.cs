namespace S3Overlay.Tests.Shipping;

/// <summary>A test of the packages in the folder that <c>S3OVERLAY_TEST_PACKAGES</c> names.</summary>
public sealed class PackageFactAttribute : FactAttribute
{
    /// <summary>A test of what <c>dotnet pack</c> made.</summary>
    public PackageFactAttribute()
    {
        if (Folder is null)
        {
            Skip = "S3OVERLAY_TEST_PACKAGES names no folder with packages.";
        }
    }

    /// <summary>The folder, or null.</summary>
    public static string? Folder => Environment.GetEnvironmentVariable("S3OVERLAY_TEST_PACKAGES") is { Length: > 0 } folder ? folder : null;
}
